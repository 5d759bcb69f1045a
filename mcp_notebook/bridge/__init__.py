"""The stdio bridge, ``mcp-notebook connect NAME``: for hosts that only start processes.

Messages that come in on stdin go to the live kernel's streamable HTTP endpoint, and what it answers goes to stdout. It
parses what it has to and passes the rest on as it is, so it knows little of the protocol: the headers that HTTP wants,
how to cancel, and how to come back after the kernel restarted.

It imports the standard library only, and of that only what is light: a host waits for its first answer. The SDK takes
half a second to import, asyncio and http.client 40 to 60 ms.
"""
