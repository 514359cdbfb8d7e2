#!/usr/bin/env python3
"""A server of the Model Context Protocol over stdio that does as it is told, and what no server should do.

    server.py [--era legacy|modern|both] [--tools NAME,NAME] [--silent] [--deaf] [--no-tools] [--page N]

`call` of the tool `misbehave` with {"how": NAME} does what the function of that name does. Python's standard library
alone.
"""
import argparse
import json
import os
import signal
import subprocess
import sys
import time

MODERN = "2026-07-28"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def write(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def raw(text):
    sys.stdout.write(text)
    sys.stdout.flush()


def answer(request, result):
    write({"jsonrpc": "2.0", "id": request["id"], "result": result})


def refuse(request, code, message, data=None):
    error = {"code": code, "message": message}
    if data is not None:
        error["data"] = data
    write({"jsonrpc": "2.0", "id": request["id"], "error": error})


def text(value, **more):
    return {"resultType": "complete", "content": [{"type": "text", "text": value}], **more}


class Misbehaviour:
    """Each takes the request and the server, and answers or does not."""

    @staticmethod
    def crash(request, server):
        print("about to crash", file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGSEGV)

    @staticmethod
    def hang(request, server):
        time.sleep(3600)

    @staticmethod
    def long_line(request, server):
        piece = "x" * (1 << 20)
        try:
            for _ in range(100):
                raw(piece)
        except OSError:
            pass
        time.sleep(3600)

    @staticmethod
    def no_newline(request, server):
        raw(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": text("cut")}))
        os._exit(0)

    @staticmethod
    def malformed(request, server):
        raw('{"jsonrpc": "2.0", "id": %d, "result": {"content": [}}\n' % request["id"])

    @staticmethod
    def wrong_id(request, server):
        write({"jsonrpc": "2.0", "id": request["id"] + 1000, "result": text("another's")})
        write({"jsonrpc": "2.0", "id": str(request["id"]), "result": text("another's")})

    @staticmethod
    def twice(request, server):
        answer(request, text("once"))
        answer(request, text("twice"))

    @staticmethod
    def notifications(request, server):
        line = json.dumps({"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": "noise"}}) + "\n"
        changed = json.dumps({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}) + "\n"
        for _ in range(1000):
            raw(line * 99 + changed)
        answer(request, text("after the burst"))

    @staticmethod
    def grandchildren(request, server):
        # They ignore what asks them to end, and hold the output open.
        program = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(3600)"
        for _ in range(3):
            subprocess.Popen([sys.executable, "-c", program, "mcp-grandchild-" + str(os.getppid())])
        time.sleep(0.2)
        os._exit(3)

    @staticmethod
    def changed(request, server):
        server.description = "Now it does something else."
        server.list_changed()
        answer(request, text("changed"))

    @staticmethod
    def renamed(request, server):
        server.names = ["renamed" if name == "echo" else name for name in server.names]
        server.list_changed()
        answer(request, text("renamed"))

    @staticmethod
    def duplicates(request, server):
        server.names = server.names + ["echo"]
        server.list_changed()
        answer(request, text("duplicates"))

    @staticmethod
    def asks(request, server):
        write({"jsonrpc": "2.0", "id": "s1", "method": "sampling/createMessage", "params": {}})
        reply = json.loads(sys.stdin.readline())
        write({"jsonrpc": "2.0", "id": "s2", "method": "ping"})
        pong = json.loads(sys.stdin.readline())
        answer(request, text(json.dumps([reply, pong], sort_keys=True)))

    @staticmethod
    def stderr_flood(request, server):
        for number in range(100_000):
            print("noise", number, file=sys.stderr)
        answer(request, text("said much"))

    @staticmethod
    def input_required(request, server):
        answer(request, {"resultType": "input_required", "inputRequests": {}})

    @staticmethod
    def byte_order_mark(request, server):
        raw("\ufeff" + json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": text("behind a mark")}) + "\n")

    @staticmethod
    def carriage_return(request, server):
        raw(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": text("before a return")}) + "\r\n\r\n")

    @staticmethod
    def null_error(request, server):
        write({"jsonrpc": "2.0", "id": request["id"], "error": None, "result": text("beside no error")})

    @staticmethod
    def result_and_error(request, server):
        error = {"code": -32000, "message": "both"}
        write({"jsonrpc": "2.0", "id": request["id"], "result": text("a result"), "error": error})

    @staticmethod
    def late_answer(request, server):
        """Another request's, which was answered long ago, and then the right one."""
        for number in range(1, request["id"]):
            write({"jsonrpc": "2.0", "id": number, "result": text("another's, too late")})
        answer(request, text("the right one"))

    @staticmethod
    def text_id(request, server):
        write({"jsonrpc": "2.0", "id": str(request["id"]), "result": text("to a text")})

    @staticmethod
    def not_a_number(request, server):
        write({"jsonrpc": "2.0", "id": request["id"], "result": text("", structuredContent={"x": float("nan")})})

    @staticmethod
    def deep(request, server):
        raw('{"jsonrpc":"2.0","id":%d,"result":%s%s}\n' % (request["id"], "[" * 10_000, "]" * 10_000))

    @staticmethod
    def broken_text(request, server):
        sys.stdout.buffer.write(b'{"jsonrpc":"2.0","id":%d,"result":{"content":[{"type":"text","text":"\xc3("}]}}\n' % request["id"])
        sys.stdout.flush()

    @staticmethod
    def no_content(request, server):
        answer(request, {"text": "where no one looks"})

    @staticmethod
    def text_content(request, server):
        answer(request, {"content": "a text in place of blocks"})

    @staticmethod
    def odd_blocks(request, server):
        answer(request, {"content": ["a text", {"type": 7}]})

    @staticmethod
    def questions(request, server):
        """More than any client answers at once; this one reads none of what comes back until it has asked them all."""
        for number in range(2_000):
            write({"jsonrpc": "2.0", "id": "s%d" % number, "method": "roots/list", "params": {}})
        answer(request, text("after the questions"))


class Server:
    def __init__(self, options):
        self.options = options
        self.names = options.tools.split(",") if options.tools else []
        self.description = "Says what it is told."
        self.opened = False
        self.cancelled = []

    def list_changed(self):
        write({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"})

    def tool(self, name):
        properties = {"text": {"type": "string"}}
        if name == "misbehave":
            properties = {"how": {"type": "string"}}
        return {"name": name, "description": self.description, "inputSchema": {"type": "object", "properties": properties}}

    def serve(self):
        while True:
            line = sys.stdin.readline()
            if not line:
                if self.options.deaf:
                    signal.signal(signal.SIGTERM, signal.SIG_IGN)
                    time.sleep(3600)
                return
            message = json.loads(line)
            if "method" not in message:
                continue
            if "id" not in message:
                if message["method"] == "notifications/cancelled":
                    self.cancelled.append(message["params"]["requestId"])
                continue
            if not self.options.silent:
                self.take(message)

    def take(self, request):
        method, params = request["method"], request.get("params", {})
        era = self.options.era
        version = params.get("_meta", {}).get("io.modelcontextprotocol/protocolVersion")
        capabilities = {} if self.options.no_tools else {"tools": {"listChanged": True}}
        if method == "initialize":
            if era == "modern":
                return refuse(request, -32022, "Unsupported protocol version", {"supported": [MODERN]})
            self.opened = True
            return answer(request, {
                "protocolVersion": self.options.version, "capabilities": capabilities,
                "serverInfo": {"name": "scripted", "version": "1"}})
        if method == "server/discover":
            if era == "legacy":
                return refuse(request, -32602, "Invalid request parameters", "")
            return answer(request, {
                "resultType": "complete", "supportedVersions": [MODERN], "capabilities": capabilities,
                "ttlMs": 0, "cacheScope": "private"})
        if era == "modern" and version != MODERN or era == "legacy" and not self.opened:
            return refuse(request, -32602, "not opened")
        if method == "tools/list":
            return self.list(request, params)
        if method == "tools/call":
            return self.call(request, params["name"], params.get("arguments", {}))
        return refuse(request, -32601, "Method not found")

    def list(self, request, params):
        if self.options.endless_pages or self.options.same_cursor:
            page = int(params.get("cursor", "0")) if self.options.endless_pages else 0
            tools = [self.tool(name) for name in self.names] if page == 0 and "cursor" not in params else []
            cursor = str(page + 1) if self.options.endless_pages else "again"
            return answer(request, {"resultType": "complete", "tools": tools, "nextCursor": cursor})
        size = self.options.page or len(self.names) or 1
        start = int(params.get("cursor", 0))
        result = {"resultType": "complete", "tools": [self.tool(name) for name in self.names[start:start + size]]}
        if start + size < len(self.names):
            result["nextCursor"] = str(start + size)
        if self.options.ttl is not None:
            result["ttlMs"] = self.options.ttl
        answer(request, result)

    def call(self, request, name, arguments):
        if name not in self.names:
            return refuse(request, -32602, "Unknown tool: " + name)
        if name == "misbehave":
            return getattr(Misbehaviour, arguments["how"])(request, self)
        if name == "fail":
            return answer(request, text("it failed", isError=True))
        if name == "refuse":
            return refuse(request, -32603, "it broke")
        if name == "structured":
            return answer(request, text("beside it", structuredContent={"result": 5}))
        if name == "image":
            return answer(request, {"content": [
                {"type": "text", "text": "a pixel"}, {"type": "image", "data": PIXEL, "mimeType": "image/png"},
                {"type": "image", "data": "no base64", "mimeType": "image/png"}]})
        if name == "environment":
            return answer(request, text(json.dumps(dict(os.environ), sort_keys=True)))
        if name == "place":
            return answer(request, text(os.getcwd()))
        if name == "pid":
            return answer(request, text(str(os.getpid())))
        if name == "cancelled":
            return answer(request, text(json.dumps(self.cancelled)))
        if name == "slow":
            time.sleep(float(arguments.get("text", "1")))
        answer(request, text(arguments.get("text", "")))


parser = argparse.ArgumentParser()
parser.add_argument("--era", choices=["legacy", "modern", "both"], default="legacy")
parser.add_argument("--version", default="2025-11-25")
parser.add_argument("--tools", default="echo,misbehave")
parser.add_argument("--ttl", type=int)
parser.add_argument("--page", type=int)
parser.add_argument("--endless-pages", action="store_true", help="each page of its list names another")
parser.add_argument("--same-cursor", action="store_true", help="each page of its list names the same one as the next")
parser.add_argument("--long-name", action="store_true", help="has a tool whose name has a megabyte")
parser.add_argument("--silent", action="store_true", help="answers nothing")
parser.add_argument("--deaf", action="store_true", help="stays when its input is closed, and ignores SIGTERM")
parser.add_argument("--no-tools", action="store_true", help="has no such capability")
options = parser.parse_args()
if options.long_name:
    options.tools += "," + "x" * (1 << 20)
Server(options).serve()
