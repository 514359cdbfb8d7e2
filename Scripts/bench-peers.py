#!/usr/bin/env python3
"""Measures this project and llama.cpp on the same models, in turn, and prints the ratios as Markdown.

    Scripts/bench-peers.py [--folder DIR] [--binary FILE] [--pairs 5] [--threads 1,2] [--sequences 1,4,16] [MODEL.gguf ...]

Without a model: the default one and the forms of it that Scripts/setup-peers.sh made. Each pair runs one program and at
once the other; every sample is printed. Where the samples of one program lie far apart the machine was not quiet, and
the ratio of the medians is not worth quoting. Start it on an idle machine.
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
    print("| model | threads | test | llama.cpp tok/s | ours tok/s | ratio | samples: llama.cpp / ours |\n|---|---|---|---|---|---|---|")
    for model in models:
        for threads in arguments.threads:
            for row in paired(arguments, model, threads):
                print(row, flush=True)
    if not arguments.sequences:
        return
    print("\n| model | threads | sequences | llama.cpp decode tok/s, all together |\n|---|---|---|---|")
    for model in models:
        for row in batched(arguments, model, max(arguments.threads)):
            print(row, flush=True)


def parse_arguments():
    parser = argparse.ArgumentParser(description="This project beside llama.cpp.", allow_abbrev=False)
    numbers = lambda text: [int(part) for part in text.split(",") if part]
    parser.add_argument("--folder", default=os.environ.get("LLAMA_STACK_PEERS", os.path.join(CACHE, "llama-stack-peers")))
    parser.add_argument("--binary", default=os.path.join(ROOT, ".build/release/llama-stack"))
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--threads", type=numbers, default=sorted({1, os.cpu_count()}))
    parser.add_argument("--sequences", type=numbers, default=[1, 4, 16], help="an empty list leaves this part out")
    parser.add_argument("models", nargs="*")
    return parser.parse_args()


def paired(arguments, model, threads):
    """Medians of one sequence, prefill and decode, each program in turn."""
    samples = {"prefill": ([], []), "decode": ([], [])}
    for _ in range(arguments.pairs):
        for row in rows_of(
            [program(arguments, "llama-bench"), "-m", model, "-t", str(threads), "-p", str(PROMPT_TOKENS),
             "-n", str(DECODED_TOKENS), "-r", "1", "-o", "jsonl"]):
            samples["prefill" if row["n_prompt"] else "decode"][0].extend(row["samples_ts"])
        for row in rows_of(
            [arguments.binary, "bench", "speed", model, "--threads", str(threads), "--prompt", str(PROMPT_TOKENS),
             "--generate", str(DECODED_TOKENS), "--rounds", "2", "--json"]):
            for test, (_, ours) in samples.items():
                ours.append(row[f"{test}_tokens_per_second"]["median"])
    shown = lambda rates: " ".join(f"{rate:.0f}" for rate in rates)
    for test, (theirs, ours) in samples.items():
        count = PROMPT_TOKENS if test == "prefill" else DECODED_TOKENS
        their_median, our_median = statistics.median(theirs), statistics.median(ours)
        yield (f"| {name(model)} | {threads} | {test} {count} | {their_median:.1f} | {our_median:.1f} "
               f"| {our_median / their_median:.2f} | {shown(theirs)} / {shown(ours)} |")


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
