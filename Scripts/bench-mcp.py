#!/usr/bin/env python3
"""What the stack adds to a call of an MCP tool over stdio: /tools/invoke over HTTP beside the same bytes over a bare pipe to
the same program, call by call in turn, so that the server's own time and the machine's load are in both.

    Scripts/bench-mcp.py [--calls 2000] [--build FOLDER]
"""
import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NOTES = os.path.join(ROOT, "Distributions", "tools", "notes.py")
# The same interpreter for both, and none that a wrapper has to find first.
PYTHON = os.path.realpath(sys.executable)
ARGUMENTS = {"word": "hello"}
DISTRIBUTION = """
version: 1
server: {port: %d}
providers:
  tools:
    - {provider_id: mcp, provider_type: remote::mcp}
    - {provider_id: builtin, provider_type: inline::builtin}
tool_groups:
  - {tool_group_id: notes, provider_id: mcp, config: {command: [%s, %s]}}
  - {tool_group_id: math, provider_id: builtin}
"""


class Pipe:
    """The server alone, over a pipe."""

    def __init__(self):
        self.child = subprocess.Popen([PYTHON, NOTES], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={}, bufsize=0)
        self.number = 0
        self.call("initialize", {})

    def call(self, method, params):
        self.number += 1
        message = {"jsonrpc": "2.0", "id": self.number, "method": method, "params": params}
        line = json.dumps(message, separators=(",", ":")).encode() + b"\n"
        start = time.perf_counter()
        self.child.stdin.write(line)
        reply = self.child.stdout.readline()
        seconds = time.perf_counter() - start
        assert b'"result"' in reply, reply
        return seconds


class HTTP:
    """One connection that is kept, and no more of HTTP than that."""

    def __init__(self, port):
        self.host = "127.0.0.1:%d" % port
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def call(self, tool, arguments):
        body = json.dumps({"tool_name": tool, "arguments": arguments}).encode()
        head = "POST /tools/invoke HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        request = (head % (self.host, len(body))).encode() + body
        start = time.perf_counter()
        self.socket.sendall(request)
        reply = b""
        while b'"is_error":false' not in reply:
            piece = self.socket.recv(65536)
            assert piece, reply
            reply += piece
        while not reply.endswith(b"}"):
            reply += self.socket.recv(65536)
        return time.perf_counter() - start


def free_port():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def wait_for_tool(port):
    import urllib.request

    for _ in range(300):
        try:
            if b"notes_find" in urllib.request.urlopen("http://127.0.0.1:%d/tools/list" % port).read():
                return
        except OSError:
            pass
        time.sleep(0.1)
    sys.exit("error: the server's tools were not listed within 30 s")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--build", default=os.path.join(ROOT, ".build", "release"))
    options = parser.parse_args()
    port = free_port()
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(DISTRIBUTION % (port, PYTHON, NOTES))
        file.flush()
        stack = subprocess.Popen(
            [os.path.join(options.build, "llama-stack"), "run", file.name], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        pipe = None
        try:
            wait_for_tool(port)
            pipe, http = Pipe(), HTTP(port)
            bare, through, math = [], [], []
            for _ in range(options.calls + 100):
                bare.append(pipe.call("tools/call", {"name": "find", "arguments": ARGUMENTS}))
                through.append(http.call("notes_find", ARGUMENTS))
                math.append(http.call("math", {"query": "1"}))
        finally:
            stack.terminate()
            stack.wait()
            if pipe:
                pipe.child.stdin.close()
                pipe.child.wait()
    # The first are warm-up.
    bare, through, math = (1000 * statistics.median(times[100:]) for times in (bare, through, math))
    print("p50 of %d calls, in ms" % options.calls)
    print("  %-44s %7.3f" % ("the server over a bare pipe", bare))
    print("  %-44s %7.3f" % ("the same tool by /tools/invoke", through))
    print("  %-44s %7.3f" % ("a tool of the server's own by /tools/invoke", math))
    print("  %-44s %7.3f   (must be under 1, aim 0.3)" % ("added by the stack, HTTP included", through - bare))
    print("  %-44s %7.3f" % ("added by the provider of MCP, HTTP taken off", through - bare - math))


main()
