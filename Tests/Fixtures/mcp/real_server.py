#!/usr/bin/env python3
"""A server made with the reference implementation, of whichever era that speaks. With `--http` it listens on a port of
its own, which it prints; else it serves its standard input and output.
"""
import base64
import socket
import sys

try:
    from mcp.server import MCPServer
    from mcp.server.mcpserver import Image
except ImportError:
    from mcp.server.fastmcp import FastMCP as MCPServer
    from mcp.server.fastmcp import Image

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
server = MCPServer("real", log_level="WARNING")


@server.tool()
def add(a: int, b: int) -> int:
    """Adds two whole numbers."""
    return a + b


@server.tool()
def picture() -> Image:
    """A picture of one pixel."""
    return Image(data=base64.b64decode(PIXEL), format="png")


@server.tool()
def boom() -> str:
    """Fails."""
    raise ValueError("boom")


if "--http" in sys.argv:
    import uvicorn

    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    print(listening.getsockname()[1], flush=True)
    app = server.streamable_http_app()
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listening])
else:
    server.run()
