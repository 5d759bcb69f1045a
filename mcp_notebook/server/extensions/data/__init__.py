"""Results that are data: tools may return a table, a series, an array, a figure, an image, rows, or a dict with some.

Say so once, where the server is made, and tools return what they have::

    mcp = MCPServer("sales")
    serve_data(mcp)


    @mcp.tool()
    def orders() -> pd.DataFrame: ...

A client gets the first rows as structured content and as a table of text, or a picture, with the number of rows; and a
link to the whole, which `kept` serves while the process lives. The folder imports nothing of this project, so that an
exported package gets a copy of it. Tables need ``narwhals``, which knows pandas, polars, pyarrow and duckdb.
"""

from .dtypes import short
from .envelopes import TableResult, envelope_of
from .exposing import as_file, as_text, forms
from .kept import KEPT, SCHEME, serve_kept
from .kinds import kind_of
from .lazy import is_lazy
from .queries import query_name, query_of
from .serving import has_returned_data, returning_data, serve_data, without_data
from .tables import columns_of, layout_of

__all__ = [
    "KEPT",
    "SCHEME",
    "TableResult",
    "as_file",
    "as_text",
    "columns_of",
    "envelope_of",
    "forms",
    "has_returned_data",
    "is_lazy",
    "kind_of",
    "layout_of",
    "query_name",
    "query_of",
    "returning_data",
    "serve_data",
    "serve_kept",
    "short",
    "without_data",
]
