#!/usr/bin/env python3
"""How soon a small document is found by its words after its insert was acknowledged, while the server has other work:
nothing, a thousand large documents of another bank that wait for their vectors, that bank being dropped, and documents
that take long to read.

Over HTTP, one document after the other; each has a word of its own, which is asked for until it is found. Prints p50 and
p99 of each phase, and how many inserts a second were acknowledged meanwhile.
"""
import argparse
import base64
import http.client
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
DISTRIBUTION = """
version: 1
name: bench-searchable
state: {state}
server: {{limits: {{body_bytes_max: 134217728}}}}
providers:
  memory_banks:
    - provider_id: banks
      provider_type: {provider}
      config: {{embedding_model: all-minilm-l6-v2{config}}}
  inference:
    - provider_id: cpu
      provider_type: inline::cpu
models:
  - {{model_id: all-minilm-l6-v2, provider_id: cpu, path: {model}}}
"""


class Client:
    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)

    def call(self, verb, path, body=None):
        text = None if body is None else json.dumps(body)
        self.connection.request(verb, path, text, {"Content-Type": "application/json"} if text else {})
        reply = self.connection.getresponse()
        answer = reply.read()
        if reply.status != 200:
            sys.exit(f"{path}: {reply.status} {answer[:300]!r}")
        return json.loads(answer) if answer.strip() else None

    def create(self, bank):
        self.call("POST", f"/memory_banks/create?bank_uuid={bank}&bank_name={bank}", [])

    def insert(self, bank, documents):
        self.call("POST", f"/memory_bank/insert?bank_uuid={bank}", [
            {"uuid": uuid, "content": base64.b64encode(content).decode(), "metadata": {}, "mime_type": kind}
            for uuid, content, kind in documents])

    def status(self, bank):
        return self.call("GET", f"/memory_bank/status?bank_uuid={bank}")

    def finds(self, bank, word):
        request = {"bank_uuids": [bank], "query": word, "mode": "keyword", "top_k": 1}
        return bool(self.call("POST", "/memory_bank/query", request)["chunks"])


def text(rng, count):
    words = [f"{rng.choice('bcdfgklmnprst')}{rng.choice('aeiou')}{rng.choice('lmnrst')}{n}" for n in range(500)]
    return " ".join(rng.choice(words) for _ in range(count // 7))


def measure(client, phase, seconds, verdicts):
    delays, number, start = [], 0, time.monotonic()
    while time.monotonic() - start < seconds:
        word = f"{phase}word{number}"
        client.insert("small", [(word, f"a small document about {word}".encode(), "text/plain")])
        acknowledged = time.monotonic()
        while not client.finds("small", word):
            time.sleep(0.002)
        delays.append(time.monotonic() - acknowledged)
        number += 1
    delays.sort()
    p50, p99 = delays[len(delays) // 2], delays[min(len(delays) - 1, len(delays) * 99 // 100)]
    verdict = "aim" if p99 <= 0.2 else "must" if p99 <= 1 else "missed"
    verdicts.append(verdict)
    print(f"{phase}: {len(delays)} documents in {seconds:.0f} s, found after p50 {p50 * 1000:.0f} ms, "
          f"p99 {p99 * 1000:.0f} ms, at most {delays[-1] * 1000:.0f} ms: {verdict} (must 1 s, aim 0.2 s)", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--provider", default="inline::file")
    parser.add_argument("--config", default="", help="more keys of the provider: 'host: /run/postgresql, user: me'")
    parser.add_argument("--documents", type=int, default=1000, help="large ones")
    parser.add_argument("--bytes", type=int, default=200_000, help="of each of them")
    parser.add_argument("--seconds", type=float, default=30, help="of each phase")
    parser.add_argument("--binary", default=ROOT / ".build/release/llama-stack")
    parser.add_argument("--model", default=ROOT / "models/all-MiniLM-L6-v2")
    arguments = parser.parse_args()
    rng = random.Random(20261128)
    print(f"load at the start: {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="bench-searchable-") as folder:
        folder = pathlib.Path(folder)
        config = f", {arguments.config}" if arguments.config else ""
        (folder / "dist.yaml").write_text(DISTRIBUTION.format(
            state=folder / "state", provider=arguments.provider, config=config, model=arguments.model))
        with open(folder / "log", "w") as log:
            server = subprocess.Popen(
                [arguments.binary, "run", folder / "dist.yaml", "--port", "0"], stdout=subprocess.PIPE, stderr=log)
        try:
            line = server.stdout.readline()
            if not line:
                sys.exit((folder / "log").read_text())
            run(Client(int(re.search(rb"http://[^ ]*:(\d+)", line)[1])), rng, arguments)
        finally:
            server.terminate()
            server.wait()


def run(client, rng, arguments):
    verdicts = []
    for bank in ("small", "large", "slow"):
        client.create(bank)
    measure(client, "idle", min(10, arguments.seconds), verdicts)
    for start in range(0, arguments.documents, 20):
        client.insert("large", [
            (f"d{start + n}", text(rng, arguments.bytes).encode(), "text/plain")
            for n in range(min(20, arguments.documents - start))])
    measure(client, "cutting", arguments.seconds, verdicts)
    while client.status("large")["pending"] > 0:
        time.sleep(0.2)
    status = client.status("large")
    print(f"{status['chunks']} chunks are cut, {status['embedding_pending']} documents wait for their vectors")
    measure(client, "embedding", arguments.seconds, verdicts)
    client.call("DELETE", "/memory_banks/drop?bank_uuid=large")
    measure(client, "dropping", arguments.seconds, verdicts)
    # Minified, of one kind of sign, and large: each takes seconds.
    minified = json.dumps([{"k": n, "v": [n, -n]} for n in range(400_000)], separators=(",", ":")).encode()
    for n in range(8):
        client.insert("slow", [(f"s{n}", minified, "application/json")])
    measure(client, "reading", arguments.seconds, verdicts)
    print("verdict:", "missed" if "missed" in verdicts else "must" if "must" in verdicts else "aim")
    if "missed" in verdicts:
        sys.exit(1)


if __name__ == "__main__":
    main()
