"""Servers that are started, asked by many clients at once, and stopped."""

import contextlib
import json
import os
import re
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time

from .programs import ROOT

CONTEXT_TOKENS = 8192
READY_SECONDS_MAX = 60
ANSWER_SECONDS_MAX = 180
FIRST_TOKEN = re.compile(rb'"(?:text_delta|content)":\s*"[^"]')


class Server:
    """One of the two, running. `engine` is "peer" or "ours".

    `sharing`: requests that begin alike may share what was computed for it, llama.cpp's prompt cache among it. `guessing`: ours
    may guess tokens from the text. Both are off unless a row is about them: each prompt is then read as if it were the first.
    """

    def __init__(self, programs, engine, context_tokens=CONTEXT_TOKENS, sharing=False, guessing=False):
        self.engine, self.port = engine, free_port()
        self.context_tokens, self.sharing, self.guessing = context_tokens, sharing, guessing
        self.folder = tempfile.TemporaryDirectory(prefix="llama-stack-bench-")
        self.log = open(os.path.join(self.folder.name, "log"), "wb")
        command = self.peer_command(programs) if engine == "peer" else self.our_command(programs)
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            env={**os.environ, "LLAMA_STACK_STATE": os.path.join(self.folder.name, "state")})

    def peer_command(self, programs):
        command = [programs.peer("llama-server"), "-m", programs.model("Q4_1"), "--host", "127.0.0.1", "--port",
                   str(self.port), "-t", "2", "-tb", "2", "-np", "16", "-c", str(self.context_tokens)]
        return command if self.sharing else [*command, "--cache-ram", "0"]

    def our_command(self, programs):
        """Distributions/cpu.yaml with two threads."""
        with open(os.path.join(ROOT, "Distributions/cpu.yaml"), encoding="utf-8") as file:
            text = file.read()
        options = (f"threads: 2, prefix_sharing: {str(self.sharing).lower()}, "
                   f"speculation: {'lookup' if self.guessing else 'none'}")
        text = text.replace("provider_type: inline::cpu\n",
                            f"provider_type: inline::cpu\n      config: {{{options}}}\n")
        text = text.replace("path: ../", f"path: {ROOT}/")
        path = os.path.join(self.folder.name, "cpu.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return [programs.binary, "run", path, "--port", str(self.port)]

    def request(self, prompt, new_tokens, system=None):
        """The bytes of a request for a streamed chat answer."""
        message = {"role": "user", "content": prompt}
        before = [{"role": "system", "content": system}] if system else []
        if self.engine == "peer":
            path = "/v1/chat/completions"
            body = {"messages": [*before, message], "max_tokens": new_tokens, "temperature": 0, "stream": True,
                    "cache_prompt": self.sharing}
        else:
            path = "/inference/chat_completion"
            body = {"model": "llama3_8b_chat", "dialog": {"message": message, "message_history": before},
                    "max_tokens": new_tokens, "stream": True}
        return self.post(path, body)

    def post(self, path, body):
        data = json.dumps(body).encode()
        return (f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nContent-Type: application/json\r\n"
                f"Connection: close\r\nContent-Length: {len(data)}\r\n\r\n").encode() + data

    def first_answer_seconds(self):
        """From spawn to the end of an answer of one token, asked for again and again until there is one."""
        request = self.request("Hello", 1)
        self.until_ready(lambda: self.ask(request))
        return time.perf_counter() - self.started

    def wait_until_ready(self):
        path = "/health" if self.engine == "peer" else "/health/ready"
        request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nConnection: close\r\n\r\n".encode()
        self.until_ready(lambda: self.ask(request))

    def until_ready(self, answered):
        while time.perf_counter() - self.started < READY_SECONDS_MAX:
            if self.process.poll() is not None:
                self.fail(f"ended with status {self.process.returncode}")
            with contextlib.suppress(OSError):
                if answered():
                    return
            time.sleep(0.002)
        self.fail(f"was not ready within {READY_SECONDS_MAX} s")

    def ask(self, request):
        """The whole answer, or None when its status is not 200."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=ANSWER_SECONDS_MAX) as connection:
            connection.sendall(request)
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        return answer if answer.split(b" ", 2)[1:2] == [b"200"] else None

    def tokens(self, texts):
        """How many tokens these texts are for the peer's tokenizer."""
        total = 0
        for text in texts:
            answer = self.ask(self.post("/tokenize", {"content": text}))
            total += len(json.loads(body_of(answer))["tokens"])
        return total

    def resident_megabytes(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return int(next(line.split()[1] for line in file if line.startswith("VmRSS:"))) * 1024 / 1e6

    def fail(self, what):
        self.log.flush()
        with open(self.log.name, "rb") as file:
            sys.stderr.buffer.write(file.read()[-3000:])
        sys.exit(f"error: the server ({self.engine}) {what}; it said the above.")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        self.folder.cleanup()


class Answer:
    def __init__(self, data, first_seconds):
        self.first_seconds = first_seconds
        self.text = text_of(data)


def load(server, prompts, clients, new_tokens, system=None):
    """Asks all prompts, `clients` at a time. One thread for all clients, so that they take little from the server.

    -> answers, seconds from the first request to the last byte
    """
    waiting, answers = list(prompts), []
    selector = selectors.DefaultSelector()
    start = time.perf_counter()

    def begin():
        connection = socket.create_connection(("127.0.0.1", server.port))
        request = server.request(waiting.pop(0), new_tokens, system)
        asked = time.perf_counter()
        connection.sendall(request)
        connection.setblocking(False)
        selector.register(connection, selectors.EVENT_READ, {"asked": asked, "data": bytearray(), "first": None})

    for _ in range(min(clients, len(waiting))):
        begin()
    while selector.get_map():
        ready = selector.select(ANSWER_SECONDS_MAX)
        if not ready:
            server.fail(f"sent nothing for {ANSWER_SECONDS_MAX} s")
        for key, _ in ready:
            state = key.data
            piece = key.fileobj.recv(65536)
            state["data"] += piece
            if state["first"] is None and FIRST_TOKEN.search(state["data"]):
                state["first"] = time.perf_counter() - state["asked"]
            if piece:
                continue
            selector.unregister(key.fileobj)
            key.fileobj.close()
            if state["first"] is None:
                server.fail(f"answered without a token: {bytes(state['data'][:500])}")
            answers.append((bytes(state["data"]), state["first"]))
            if waiting:
                begin()
    seconds = time.perf_counter() - start
    return [Answer(*answer) for answer in answers], seconds


def body_of(answer):
    head, body = answer.split(b"\r\n\r\n", 1)
    if b"chunked" not in head.lower():
        return body
    whole = b""
    while body:
        size, body = body.split(b"\r\n", 1)
        count = int(size.split(b";")[0], 16)
        whole, body = whole + body[:count], body[count + 2:]
    return whole


def text_of(answer):
    """The text of a stream of either server."""
    pieces = []
    for line in body_of(answer).decode("utf-8").splitlines():
        if not line.startswith("data:") or line[5:].strip() == "[DONE]":
            continue
        event = json.loads(line[5:])
        if "choices" in event:
            pieces += [choice["delta"].get("content") or "" for choice in event["choices"]]
        else:
            pieces.append(event.get("text_delta", ""))
    return "".join(pieces)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
