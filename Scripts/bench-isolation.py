#!/usr/bin/env python3
"""Measures what `isolation: process` costs a distribution, and what a crash costs its neighbours.

    Scripts/bench-isolation.py [--rounds 11] [--binary .build/release/llama-stack] [--json]

Four rows, each in turn with its counterpart, so that both see the same machine:

- start: from spawn to the ready line of Distributions/starter.yaml, its providers in the server's process and in their own;
- memory: PSS of an idle child with the echo provider in C and in Swift, and of all processes of a server with the
  100 MB model, over the same with the model in the server's process;
- child up: from `provider restart`, with no model, to the line of `ps` that says it is running;
- neighbours: the 99th percentile of an inline provider's calls while another one's process is killed each second, over
  the same without kills.
"""
import argparse
import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
MODEL = ROOT / "models/SmolLM2-135M-Instruct.Q4_1.gguf"


class Server:
    """A distribution that runs, with a state folder of its own."""

    def __init__(self, binary, text):
        self.folder = tempfile.TemporaryDirectory(prefix="llama-stack-bench-")
        self.file = pathlib.Path(self.folder.name) / "dist.yaml"
        self.file.write_text(f"version: 1\nname: bench\nstate: {self.folder.name}/state\n{text}")
        self.log = open(f"{self.folder.name}/log", "w")
        began = time.monotonic()
        self.process = subprocess.Popen(
            [binary, "run", self.file, "--port", "0", "--log-level", "error"], stdout=subprocess.PIPE, stderr=self.log)
        line = self.process.stdout.readline().decode()
        self.start_seconds = time.monotonic() - began
        address = re.search(r"http://[^:]+:(\d+)", line)
        if not address:
            sys.exit(f"error: the server did not start:\n{pathlib.Path(self.log.name).read_text()}")
        self.port = int(address[1])

    def children(self):
        """Process ids by the provider's label."""
        found = {}
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError, IndexError):
                if int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1]) == self.process.pid:
                    found[(entry / "comm").read_text().strip()] = int(entry.name)
        return found

    def pss(self):
        return sum(pss(pid) for pid in [self.process.pid, *self.children().values()])

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        self.folder.cleanup()


def pss(pid):
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss:\s+(\d+)", text, re.M)[1]) / 1024


def starter(isolation):
    text = (ROOT / "Distributions/starter.yaml").read_text().replace("../models", str(ROOT / "models"))
    keys = text[text.index("\nserver:"):]
    return f"isolation: {isolation}\n{keys}"


def echo(isolation, kind="echo"):
    return f"""
providers:
  inference:
    - {{provider_id: echo, provider_type: "inline::{kind}", isolation: {isolation}}}
models:
  - {{model_id: echo, provider_id: echo}}
"""


def model(isolation):
    return f"""
providers:
  inference:
    - {{provider_id: cpu, provider_type: "inline::cpu", isolation: {isolation}}}
models:
  - {{model_id: small, provider_id: cpu, path: {MODEL}}}
"""


PAIR = """
providers:
  inference:
    - {provider_id: steady, provider_type: "inline::echo"}
    - {provider_id: victim, provider_type: "inline::echo-c", isolation: process, restart: {crashes_max: 0}}
models:
  - {model_id: steady, provider_id: steady}
  - {model_id: victim, provider_id: victim}
"""


def start_row(binary, rounds):
    times = {"inline": [], "process": []}
    for _ in range(rounds + 1):
        for isolation, list_of in times.items():
            server = Server(binary, starter(isolation))
            list_of.append(server.start_seconds * 1000)
            server.stop()
    medians = {name: statistics.median(values[1:]) for name, values in times.items()}
    return {**medians, "added": medians["process"] - medians["inline"], "unit": "ms"}


def memory_row(binary):
    row = {"unit": "MiB"}
    for kind in ("echo-c", "echo"):
        server = Server(binary, echo("process", kind))
        time.sleep(2)
        row[f"idle child, {kind}"] = pss(next(iter(server.children().values())))
        server.stop()
    totals = {}
    for isolation in ("inline", "process"):
        server = Server(binary, model(isolation))
        ask(connect(server.port), "small")
        time.sleep(2)
        totals[isolation] = server.pss()
        server.stop()
    row["100 MB model, process over inline"] = totals["process"] - totals["inline"]
    return row


def child_row(binary, rounds):
    """From the request to start the provider again to its first good answer."""
    server = Server(binary, echo("process"))
    times = []
    for _ in range(rounds + 1):
        connection = connect(server.port)
        began = time.monotonic()
        subprocess.run([binary, "provider", "restart", "inference/echo", server.file], check=True, capture_output=True)
        ask(connection, "echo")
        times.append((time.monotonic() - began) * 1000)
    server.stop()
    return {"median": statistics.median(times[1:]), "unit": "ms, the command's own start among it"}


def neighbour_row(binary, rounds):
    server = Server(binary, PAIR)
    connection = connect(server.port)
    for _ in range(500):
        ask(connection, "steady")
    times = {"calm": [], "kills": []}
    for _ in range(rounds):
        for name, list_of in times.items():
            list_of.append(window(server, connection, isKilling=name == "kills"))
    server.stop()
    medians = {name: statistics.median(values) for name, values in times.items()}
    return {**medians, "ratio": medians["kills"] / medians["calm"], "unit": "µs, 99th percentile"}


def window(server, connection, isKilling, seconds=5):
    """The 99th percentile of one client's calls; a kill each second."""
    calls, end = [], time.monotonic() + seconds
    next_kill = time.monotonic() + 0.5
    while time.monotonic() < end:
        if isKilling and time.monotonic() >= next_kill:
            next_kill += 1
            for pid in server.children().values():
                os.kill(pid, signal.SIGKILL)
        began = time.perf_counter()
        ask(connection, "steady")
        calls.append((time.perf_counter() - began) * 1e6)
        time.sleep(0.0005)
    return statistics.quantiles(calls, n=100)[98]


def connect(port):
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def ask(connection, name):
    """One completion, which must be answered."""
    body = json.dumps({"content": "one line", "model": name, "max_tokens": 4})
    connection.sendall(
        f"POST /inference/completion HTTP/1.1\r\nHost: 127.0.0.1:{connection.getpeername()[1]}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(65536)
    head, _, rest = answer.partition(b"\r\n\r\n")
    length = int(re.search(rb"content-length: (\d+)", head, re.I)[1])
    while len(rest) < length:
        rest += connection.recv(65536)
    if not head.startswith(b"HTTP/1.1 200"):
        sys.exit(f"error: {name} answered {head.splitlines()[0].decode()}: {rest.decode()}")


def main():
    parser = argparse.ArgumentParser(description="What isolation: process costs.", allow_abbrev=False)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--binary", default=str(ROOT / ".build/release/llama-stack"))
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    rows = {
        "start": start_row(arguments.binary, arguments.rounds),
        "memory": memory_row(arguments.binary),
        "child up": child_row(arguments.binary, arguments.rounds),
        "neighbours": neighbour_row(arguments.binary, max(3, arguments.rounds // 2)),
    }
    if arguments.json:
        print(json.dumps({"load": load, **rows}, indent=1))
        return
    print(f"{arguments.rounds} rounds, {os.cpu_count()} cores, load {load:.1f} at the start")
    for name, row in rows.items():
        unit = row.pop("unit")
        print(f"{name:11}" + "; ".join(f"{key} {value:.1f}" for key, value in row.items()) + f"  ({unit})")


if __name__ == "__main__":
    main()
