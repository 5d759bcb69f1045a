"""The stdio bridge, ``mcp-notebook connect NAME``, for hosts that only start processes.

It sends messages from stdin to the live kernel's streamable HTTP endpoint, and the answers to stdout. It parses only
what it must and passes everything else on unchanged. So it knows little about the protocol: the HTTP headers, how to
cancel, and how to reconnect after a restart of the kernel.

It imports only light modules of the standard library, because the host waits for its first answer. The SDK takes half a
second to import, and asyncio and http.client 40 to 60 ms.
"""
