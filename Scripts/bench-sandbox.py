#!/usr/bin/env python3
"""Measures what the cage of `code_interpreter` costs: from the request to the result of print(1), over a running server's
/tools/invoke, beside a bare `python3 -I` that is started for the same line.

    Scripts/bench-sandbox.py [--rounds 200] [--binary .build/release/llama-stack] [--json]

The two take turns, so that both see the same machine. Run it on an idle one: a call passes through a dozen processes and
threads, each of which waits for a processor. Where there is other work, root can put `chrt -r 1` before it.
"""
import argparse
import http.client
import json
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
DISTRIBUTION = """
version: 1
name: bench
providers:
  tools: [{provider_id: python, provider_type: inline::python}]
tool_groups: [{tool_group_id: code_interpreter, provider_id: python}]
"""


def call(client):
    body = json.dumps({"tool_name": "code_interpreter", "arguments": {"code": "print(1)"}})
    client.request("POST", "/tools/invoke", body, {"Content-Type": "application/json"})
    answer = json.loads(client.getresponse().read())
    if answer.get("content") != "completed\n[stdout]\n1\n[/stdout]":
        sys.exit(f"error: expected the output of print(1), got {answer}")


def bare():
    ran = subprocess.run(["/usr/bin/python3", "-I", "-c", "print(1)"], stdout=subprocess.PIPE, env={}, check=True)
    assert ran.stdout == b"1\n"


def seconds(work, *arguments):
    began = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - began


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--binary", default=str(ROOT / ".build/release/llama-stack"))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="llama-stack-bench-") as folder:
        file = pathlib.Path(folder) / "dist.yaml"
        file.write_text(DISTRIBUTION)
        log = open(f"{folder}/log", "w")
        server = subprocess.Popen(
            [options.binary, "run", file, "--port", "0", "--log-level", "error"], stdout=subprocess.PIPE, stderr=log)
        try:
            address = re.search(r"http://[^:]+:(\d+)", server.stdout.readline().decode())
            if not address:
                sys.exit(f"error: the server did not start:\n{pathlib.Path(log.name).read_text()}")
            client = http.client.HTTPConnection("127.0.0.1", int(address[1]))
            for _ in range(5):
                call(client), bare()
            pairs = [(seconds(call, client), seconds(bare)) for _ in range(options.rounds)]
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait()
    caged, plain = (sorted(1000 * pair[side] for pair in pairs) for side in (0, 1))
    quantile = lambda times, part: times[min(len(times) - 1, int(len(times) * part))]
    row = {
        "rounds": options.rounds, "caged_p50_ms": statistics.median(caged), "caged_p90_ms": quantile(caged, 0.9),
        "bare_p50_ms": statistics.median(plain), "bare_p90_ms": quantile(plain, 0.9),
        "ratio_p50": statistics.median(caged) / statistics.median(plain),
    }
    if options.json:
        print(json.dumps(row))
        return
    print(f"print(1), {options.rounds} rounds    p50 ms    p90 ms")
    print(f"  bare python3 -I      {row['bare_p50_ms']:9.2f} {row['bare_p90_ms']:9.2f}")
    print(f"  in a cage, over HTTP {row['caged_p50_ms']:9.2f} {row['caged_p90_ms']:9.2f}")
    print(f"  ratio                {row['ratio_p50']:9.2f}")


main()
