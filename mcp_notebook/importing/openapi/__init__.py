"""Write the operations of a web API, as an OpenAPI document describes them, as cells with a tool each."""
