#!/usr/bin/env python3
"""A server of the Model Context Protocol over streamable HTTP that does as it is told, and what no server should do.

    http_server.py --era legacy|modern [--sse] [--expire N] [--token TEXT] [--redirect]

Prints its port on a line. Every request is checked as a strict server would: what is wrong with it is its answer.
Python's standard library alone.
"""
import argparse
import gzip
import http.server
import json
import sys
import threading
import time

MODERN = "2026-07-28"
HOST = "127.0.0.1"


class Refused(Exception):
    def __init__(self, status, message=None, code=-32600, headers=None, id=None):
        super().__init__(message)
        self.status, self.message, self.code, self.headers, self.id = status, message, code, headers or {}, id


class Sessions:
    lock = threading.Lock()
    made = 0
    live = set()
    calls = 0
    seen = []


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    options = None

    def log_message(self, *_):
        pass

    def do_GET(self):
        if self.path == "/metadata":
            return self.reply(200, {"resource": "x", "authorization_servers": ["https://auth.example"]})
        self.reply(405, None, {"Allow": "POST"})

    def do_DELETE(self):
        with Sessions.lock:
            Sessions.live.discard(self.headers.get("Mcp-Session-Id"))
        self.reply(200, None)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            self.post(json.loads(body))
        except Refused as refused:
            error = None
            if refused.message is not None:
                error = {"jsonrpc": "2.0", "id": refused.id, "error": {"code": refused.code, "message": refused.message}}
            self.reply(refused.status, error, refused.headers)
        except BrokenPipeError:
            pass

    def post(self, message):
        method, params = message["method"], message.get("params", {})
        with Sessions.lock:
            Sessions.seen.append(method)
        options = self.options
        if options.redirect:
            raise Refused(307, headers={"Location": "http://127.0.0.1:1/elsewhere"})
        if options.token and self.headers.get("Authorization") != "Bearer " + options.token:
            page = options.metadata or "http://%s:%d/metadata" % (HOST, self.server.server_address[1])
            raise Refused(401, headers={"WWW-Authenticate": 'Bearer realm="x", resource_metadata="%s"' % page})
        if "text/event-stream" not in self.headers.get("Accept", ""):
            raise Refused(406)
        if options.era == "modern":
            self.check_modern(message, params)
        else:
            self.check_legacy(message)
        if "id" not in message:
            return self.reply(202, None)
        result = self.result(message, method, params)
        if result is not None:
            self.answer({"jsonrpc": "2.0", "id": message["id"], "result": result})

    def check_modern(self, message, params):
        meta = params.get("_meta", {})
        version = meta.get("io.modelcontextprotocol/protocolVersion")
        if version != MODERN or self.headers.get("MCP-Protocol-Version") != MODERN:
            raise Refused(400, "unsupported", -32022)
        if "io.modelcontextprotocol/clientCapabilities" not in meta:
            raise Refused(400, "params._meta must carry the capabilities", -32602)
        if self.headers.get("Mcp-Method") != message["method"]:
            raise Refused(400, "mcp-method header does not match", -32020)
        if message["method"] == "tools/call":
            wanted = {"Mcp-Name": params["name"]}
            if params["name"] == "region":
                wanted["Mcp-Param-Region"] = params["arguments"].get("region")
            for name, value in wanted.items():
                if value is not None and not value.isascii():
                    import base64
                    value = "=?base64?%s?=" % base64.b64encode(value.encode()).decode()
                if self.headers.get(name) != value:
                    raise Refused(400, name.lower() + " header does not match", -32020)

    def check_legacy(self, message):
        session = self.headers.get("Mcp-Session-Id")
        if message["method"] == "initialize":
            return
        with Sessions.lock:
            if session is None:
                raise Refused(400, "Missing session ID", headers={"Mcp-Session-Id": "not-to-be-adopted"}, id="server-error")
            if session not in Sessions.live:
                raise Refused(self.options.gone, "Session not found")
            if message["method"] == "tools/call":
                Sessions.calls += 1
                if self.options.expire and Sessions.calls % self.options.expire == 0:
                    Sessions.live.discard(session)

    def result(self, message, method, params):
        modern = self.options.era == "modern"
        if method == "initialize":
            with Sessions.lock:
                Sessions.made += 1
                self.session = "session-%d" % Sessions.made
                Sessions.live.add(self.session)
            return {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": {"name": "x", "version": "1"}}
        if method == "server/discover" and modern:
            return {"resultType": "complete", "supportedVersions": [MODERN], "capabilities": {"tools": {}}, "ttlMs": 0}
        if method == "tools/list":
            region = {"type": "string", "x-mcp-header": "Region"}
            bad = {"type": "object", "x-mcp-header": "Bad"}
            return {"resultType": "complete", "tools": [
                self.tool("echo", {"text": {"type": "string"}}), self.tool("region", {"region": region}),
                self.tool("bad", {"bad": bad})]}
        if method == "tools/call":
            return self.call(message, params["name"], params.get("arguments", {}))
        raise Refused(404, "Method not found", -32601, id=message["id"])

    @staticmethod
    def tool(name, properties):
        return {"name": name, "description": name, "inputSchema": {"type": "object", "properties": properties}}

    def call(self, message, name, arguments):
        how = arguments.get("text", "")
        if how == "endless":
            return self.stream(message, lambda: iter(int, 1))
        if how == "broken":
            return self.stream(message, lambda: range(2))
        if how == "sessions":
            with Sessions.lock:
                how = json.dumps([Sessions.made, sorted(Sessions.live)])
        if how == "seen":
            with Sessions.lock:
                how = json.dumps(Sessions.seen)
        if how == "foreign":
            self.answer({"jsonrpc": "2.0", "id": 999_999, "result": {}})
            return None
        if how == "null-id":
            raise Refused(400, "it is no good", -32602)
        if hasattr(Odd, how.replace("-", "_")):
            getattr(Odd, how.replace("-", "_"))(self, message)
            return None
        if how == "long":
            self.answer({"jsonrpc": "2.0", "id": message["id"], "result": {"content": [], "x": "x" * (5 << 20)}})
            return None
        return {"resultType": "complete", "content": [{"type": "text", "text": how}]}

    def stream(self, message, rounds):
        """Notifications, and never an answer."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for _ in rounds():
            event = {"jsonrpc": "2.0", "method": "notifications/progress", "params": {}}
            self.wfile.write(b": a comment\r\nevent: message\r\ndata: " + json.dumps(event).encode() + b"\r\n\r\n")
            time.sleep(0.001)
        self.close_connection = True

    def answer(self, message):
        headers = {}
        if getattr(self, "session", None):
            headers["Mcp-Session-Id"] = self.session
        if not self.options.sse:
            return self.reply(200, message, headers)
        note = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": "before"}}
        asks = {"jsonrpc": "2.0", "id": "s1", "method": "roots/list"}
        events = b": hello\n\nid: 7\nretry: 10\ndata:\n\n"
        for event in (note, asks, message):
            text = json.dumps(event, indent=1)
            events += b"event: message\r\n" + b"".join(b"data: %s\r\n" % line.encode() for line in text.split("\n")) + b"\r\n"
        self.reply(200, events, {**headers, "Content-Type": "text/event-stream; charset=utf-8"})

    def reply(self, status, body, headers=None):
        headers = dict(headers or {})
        if body is None:
            body = b""
        elif not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Odd:
    """Answers that no server should give. Each takes the handler and the request."""

    @staticmethod
    def text(message, value):
        return {"jsonrpc": "2.0", "id": message["id"], "result": {"content": [{"type": "text", "text": value}]}}

    @staticmethod
    def mark(handler, message):
        body = b"\xef\xbb\xbf" + json.dumps(Odd.text(message, "behind a mark")).encode()
        handler.reply(200, body, {"Content-Type": "application/json"})

    @staticmethod
    def chunks(handler, kind, pieces):
        handler.send_response(200)
        handler.send_header("Content-Type", kind)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for piece in pieces:
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        handler.wfile.flush()

    @staticmethod
    def huge_event(handler, message):
        Odd.flood(handler, b"data: ")

    @staticmethod
    def huge_comment(handler, message):
        Odd.flood(handler, b": ")

    @staticmethod
    def flood(handler, start):
        handler.close_connection = True
        try:
            Odd.chunks(handler, "text/event-stream", [start] + [b"x" * (1 << 20)] * 100)
        except OSError:
            pass

    @staticmethod
    def huge_header(handler, message):
        handler.close_connection = True
        try:
            handler.reply(200, Odd.text(message, "below a header"), {"X-Long": "x" * (1 << 20)})
        except OSError:
            pass

    @staticmethod
    def bomb(handler, message):
        body = gzip.compress(json.dumps(Odd.text(message, "x" * (64 << 20))).encode())
        handler.reply(200, body, {"Content-Type": "application/json", "Content-Encoding": "gzip"})

    @staticmethod
    def elsewhere(handler, message):
        handler.reply(302, None, {"Location": "http://169.254.169.254/latest/meta-data/"})

    @staticmethod
    def page(handler, message):
        handler.reply(200, b"<html>sign in</html>", {"Content-Type": "text/html"})

    @staticmethod
    def empty(handler, message):
        handler.reply(200, None)

    @staticmethod
    def accepted(handler, message):
        handler.reply(202, None)

    @staticmethod
    def stalls(handler, message):
        Odd.chunks(handler, "application/json", [b'{"jsonrpc": "2.0", '])
        time.sleep(3600)

    @staticmethod
    def stalls_in_events(handler, message):
        Odd.chunks(handler, "text/event-stream", [b"data: {"])
        time.sleep(3600)

    @staticmethod
    def short(handler, message):
        """Less than its head promises."""
        handler.close_connection = True
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b"{")


parser = argparse.ArgumentParser()
parser.add_argument("--era", choices=["legacy", "modern"], required=True)
parser.add_argument("--sse", action="store_true", help="answers with a stream of events")
parser.add_argument("--expire", type=int, help="forgets the session at each Nth call")
parser.add_argument("--gone", type=int, default=404, help="the status for a session that is forgotten")
parser.add_argument("--token", help="wanted as Authorization: Bearer TEXT")
parser.add_argument("--metadata", help="the page that is said to tell who issues it")
parser.add_argument("--redirect", action="store_true")
Handler.options = parser.parse_args()
server = http.server.ThreadingHTTPServer((HOST, 0), Handler)
server.daemon_threads = True
print(server.server_address[1], flush=True)
# Ends when its input does.
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
