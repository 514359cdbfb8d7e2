#!/usr/bin/env python3
"""Measures how long a distribution takes from spawn to ready, as somebody outside sees it.

    Scripts/bench-start.py [--runs 20] [--binary .build/release/llama-stack] [--model FILE] [--json] DISTRIBUTION

One run: start the process, ask GET /health/ready every millisecond until it answers 200, stop the process with SIGTERM.
The first run is not counted (it warms the file cache); each has a state folder and a port of its own. Beside it stands
a plain read of the model file by the same process in the same minute, since no server can be ready with a model's every
page mapped or copied in less; the limit to stay below is 0.2 s plus 1.5 times that read.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

READY_SECONDS_MAX = 120
STOP_SECONDS_MAX = 30
ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))


def main():
    arguments = parse_arguments()
    for path in (arguments.binary, arguments.model, arguments.distribution):
        if not os.path.exists(path):
            sys.exit(f"error: there is no {path}. `make build model` makes what this needs.")
    measure(arguments)
    runs = [measure(arguments) for _ in range(arguments.runs)]
    reads = [seconds_to_read(arguments.model) for _ in range(arguments.runs)]
    result = {
        "distribution": arguments.distribution,
        "runs": arguments.runs,
        "load": os.getloadavg(),
        "cores": os.cpu_count(),
        "ready_ms": spread(run["ready"] for run in runs),
        "stopped_ms": spread(run["stopped"] for run in runs),
        "read_ms": spread(reads),
        "resident_mb": statistics.median(run["resident_mb"] for run in runs),
    }
    result["limit_ms"] = round(200 + 1.5 * result["read_ms"]["median"], 1)
    print(json.dumps(result, indent=1) if arguments.json else table(result))


def parse_arguments():
    parser = argparse.ArgumentParser(description="Time from spawn to /health/ready.", allow_abbrev=False)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--binary", default=os.path.join(ROOT, ".build/release/llama-stack"))
    parser.add_argument("--model", default=os.path.join(ROOT, "models/SmolLM2-135M-Instruct.Q4_1.gguf"),
                        help="the model file that the distribution serves, for the plain read")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("distribution")
    arguments = parser.parse_args()
    if arguments.runs < 1:
        parser.error("--runs must be at least 1")
    return arguments


def measure(arguments):
    """One start and stop: seconds to ready, seconds to stop, and the memory held when ready."""
    port = free_port()
    state = tempfile.mkdtemp(prefix="llama-stack-bench-")
    log = tempfile.TemporaryFile()
    command = [arguments.binary, "run", arguments.distribution, "--port", str(port)]
    started = time.perf_counter()
    process = subprocess.Popen(
        command, env={**os.environ, "LLAMA_STACK_STATE": state}, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        wait_until_ready(process, port, started, log)
        ready = time.perf_counter() - started
        resident = resident_mb(process.pid)
        asked = time.perf_counter()
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_SECONDS_MAX)
        return {"ready": ready, "stopped": time.perf_counter() - asked, "resident_mb": resident}
    except subprocess.TimeoutExpired:
        sys.exit(f"error: the server was still running {STOP_SECONDS_MAX} s after SIGTERM.")
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        shutil.rmtree(state, ignore_errors=True)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_until_ready(process, port, started, log):
    request = f"GET /health/ready HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode()
    while time.perf_counter() - started < READY_SECONDS_MAX:
        if process.poll() is not None:
            log.seek(0)
            sys.stderr.buffer.write(log.read()[-4000:])
            sys.exit(f"error: the server ended with status {process.returncode} before it was ready; it said the above.")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                connection.sendall(request)
                if connection.recv(64).split()[1:2] == [b"200"]:
                    return
        except OSError:
            pass  # not listening yet
        time.sleep(0.001)
    sys.exit(f"error: the server was not ready within {READY_SECONDS_MAX} s.")


def resident_mb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        kilobytes = next(line.split()[1] for line in file if line.startswith("VmRSS:"))
    return round(int(kilobytes) / 1024, 1)


def seconds_to_read(path):
    block = bytearray(1 << 20)
    started = time.perf_counter()
    with open(path, "rb", buffering=0) as file:
        while file.readinto(block):
            pass
    return time.perf_counter() - started


def spread(seconds):
    milliseconds = [1000 * value for value in seconds]
    return {
        "min": round(min(milliseconds), 1), "median": round(statistics.median(milliseconds), 1),
        "max": round(max(milliseconds), 1),
    }


def table(result):
    rows = [("ready", result["ready_ms"]), ("stopped after SIGTERM", result["stopped_ms"]), ("plain read", result["read_ms"])]
    lines = [
        f"{result['distribution']}: {result['runs']} runs on {result['cores']} cores, load {result['load'][0]:.1f}, "
        f"{result['resident_mb']:.0f} MB resident when ready; ready should stay below {result['limit_ms']} ms",
        "", "| ms | min | median | max |", "|---|---|---|---|",
    ]
    lines += [f"| {name} | {ms['min']} | {ms['median']} | {ms['max']} |" for name, ms in rows]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
