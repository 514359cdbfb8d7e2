#!/usr/bin/env python3
"""/memory_bank/get of 100 documents of 1 KB, over HTTP from a kept-alive connection, beside a C program that reads them
with sqlite3, encodes base64 and writes JSON (Benchmarks/MemoryGet/get.c).

Text and bytes, both sides in turn, the best of the rounds of each: another process may have had the machine meanwhile.
"""
import argparse
import base64
import http.client
import json
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
name: bench-memory-get
state: {state}
providers:
  memory_banks:
    - {{provider_id: files, provider_type: inline::file}}
"""


def post(port, path, body):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    reply = connection.getresponse()
    text = reply.read()
    if reply.status != 200:
        sys.exit(f"{path}: {reply.status} {text[:300]!r}")


def fill(port, bank, is_text, count):
    rng = random.Random(20261127)
    letters = b"abcdefghijklmnopqrstuvwxyz      "
    documents = []
    for number in range(count):
        content = bytes(letters[rng.randrange(32)] if is_text else rng.randrange(256) for _ in range(1024))
        documents.append({
            "uuid": f"d{number}", "content": base64.b64encode(content).decode(), "metadata": {"number": number},
            "mime_type": "text/plain" if is_text else "application/octet-stream"})
    post(port, f"/memory_banks/create?bank_uuid={bank}&bank_name={bank}", documents[:0])
    for start in range(0, count, 100):
        post(port, f"/memory_bank/insert?bank_uuid={bank}", documents[start:start + 100])


def wait_until_indexed(port, bank):
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", f"/memory_bank/status?bank_uuid={bank}")
        if json.load(connection.getresponse())["pending"] == 0:
            return
        time.sleep(0.05)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=100, help="asked for at a time")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=1000, help="of each side in a round")
    parser.add_argument("--binary", default=ROOT / ".build/release/llama-stack")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-memory-get-") as folder:
        folder = pathlib.Path(folder)
        program = folder / "get"
        subprocess.run(["cc", "-O3", "-D_GNU_SOURCE", "-Wall", "-o", program, ROOT / "Benchmarks/MemoryGet/get.c",
                        "-lsqlite3"], check=True)
        (folder / "dist.yaml").write_text(DISTRIBUTION.format(state=folder / "state"))
        with open(folder / "log", "w") as log:
            server = subprocess.Popen(
                [arguments.binary, "run", folder / "dist.yaml", "--port", "0"], stdout=subprocess.PIPE, stderr=log)
        try:
            port = int(re.search(rb"http://[^ ]*:(\d+)", server.stdout.readline())[1])
            for kind in ("text", "bytes"):
                fill(port, kind, kind == "text", 1000)
                wait_until_indexed(port, kind)
            database = folder / "state/memory_banks/files/memory.sqlite"
            for kind in ("text", "bytes"):
                compare(program, port, database, kind, arguments)
        finally:
            server.terminate()
            server.wait()


def compare(program, port, database, kind, arguments):
    def time_of(*words):
        output = subprocess.run(
            [program, *map(str, words), kind, str(arguments.documents), str(arguments.requests)], check=True,
            stdout=subprocess.PIPE, text=True).stdout
        return [float(word) for word in output.split()]

    rounds = [(time_of("read", database), time_of("ask", port)) for _ in range(arguments.rounds)]
    ours = min(ask[1] for _, ask in rounds) / 1000
    theirs = min(read[1] for read, _ in rounds) / 1000
    must, aim = 1.5 * theirs + 0.5, 1.2 * theirs + 0.3
    verdict = "aim" if ours <= aim else "must" if ours <= must else "missed"
    print(f"{arguments.documents} documents of 1 KB, {kind}: p50 {ours:.3f} ms over HTTP, {theirs:.3f} ms in C; "
          f"must {must:.3f}, aim {aim:.3f}: {verdict} "
          f"(p99 {min(ask[2] for _, ask in rounds) / 1000:.3f} and {min(read[2] for read, _ in rounds) / 1000:.3f})")


if __name__ == "__main__":
    main()
