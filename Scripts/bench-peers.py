#!/usr/bin/env python3
"""Prints llama.cpp's rates on this machine, as Markdown: prefill, decode, and decode of several sequences at once.

    Scripts/bench-peers.py [--folder DIR] [--repeats 5] [--threads 1,2] [--sequences 1,4,16] [MODEL.gguf ...]

Without a model: the default one and the forms of it that Scripts/setup-peers.sh made. The best of the repeats says what
the engine can do, the median what it did; where the two lie far apart the machine was not quiet and the figures are not
worth quoting. Start it on an idle machine.
"""

import argparse
import datetime
import glob
import json
import os
import statistics
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
CACHE = os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))
PROMPT_TOKENS, DECODED_TOKENS = 512, 128


def main():
    arguments = parse_arguments()
    program(arguments, "llama-bench")
    models = arguments.models or [
        os.path.join(ROOT, "models/SmolLM2-135M-Instruct.Q4_1.gguf"),
        *sorted(glob.glob(os.path.join(arguments.folder, "models/*.gguf"))),
    ]
    print(f"llama.cpp {version(arguments)}, {processor()}, {os.cpu_count()} cores, "
          f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC, load {os.getloadavg()[0]:.2f} at the start\n")
    print("| model | threads | test | best tok/s | median tok/s | repeats |\n|---|---|---|---|---|---|")
    for model in models:
        for threads in arguments.threads:
            for row in single(arguments, model, threads):
                print(row, flush=True)
    if not arguments.sequences:
        return
    print("\n| model | threads | sequences | decode tok/s, all together |\n|---|---|---|---|")
    for model in models:
        for row in batched(arguments, model, max(arguments.threads)):
            print(row, flush=True)


def parse_arguments():
    parser = argparse.ArgumentParser(description="llama.cpp's rates on this machine.", allow_abbrev=False)
    numbers = lambda text: [int(part) for part in text.split(",") if part]
    parser.add_argument("--folder", default=os.environ.get("LLAMA_STACK_PEERS", os.path.join(CACHE, "llama-stack-peers")))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=numbers, default=sorted({1, os.cpu_count()}))
    parser.add_argument("--sequences", type=numbers, default=[1, 4, 16], help="an empty list leaves this part out")
    parser.add_argument("models", nargs="*")
    return parser.parse_args()


def single(arguments, model, threads):
    """Rates of one sequence: llama-bench gives every repeat."""
    for row in rows_of(
        [program(arguments, "llama-bench"), "-m", model, "-t", str(threads), "-p", str(PROMPT_TOKENS),
         "-n", str(DECODED_TOKENS), "-r", str(arguments.repeats), "-o", "jsonl"]):
        rates = row["samples_ts"]
        test = f"prefill {row['n_prompt']}" if row["n_prompt"] else f"decode {row['n_gen']}"
        yield (f"| {name(model)} | {threads} | {test} | {max(rates):.1f} | {statistics.median(rates):.1f} "
               f"| {' '.join(f'{rate:.0f}' for rate in rates)} |")


def batched(arguments, model, threads):
    """Decode rate of several sequences in one batch, the best of three, 128 tokens of prompt and 64 decoded in each."""
    best = {}
    for _ in range(3):
        for row in rows_of(
            [program(arguments, "llama-batched-bench"), "-m", model, "-t", str(threads), "-tb", str(threads), "-c", "8192",
             "-npp", "128", "-ntg", "64", "-npl", ",".join(map(str, arguments.sequences)), "--output-format", "jsonl"]):
            best[row["pl"]] = max(best.get(row["pl"], 0), row["speed_tg"])
    for sequences, rate in sorted(best.items()):
        yield f"| {name(model)} | {threads} | {sequences} | {rate:.1f} |"


def rows_of(command):
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"{run.stderr[-2000:]}\nerror: {' '.join(command)} ended with status {run.returncode}.")
    return [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]


def program(arguments, called):
    path = os.path.join(arguments.folder, "bin", called)
    if not os.access(path, os.X_OK):
        sys.exit(f"error: there is no {path}. Scripts/setup-peers.sh builds it.")
    return path


def version(arguments):
    run = subprocess.run([program(arguments, "llama-server"), "--version"], capture_output=True, text=True)
    return next(line.removeprefix("version: ") for line in (run.stdout + run.stderr).splitlines() if "version:" in line)


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), "unknown CPU")


def name(model):
    return os.path.basename(model).removesuffix(".gguf")


if __name__ == "__main__":
    main()
