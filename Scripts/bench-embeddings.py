#!/usr/bin/env python3
"""Measures this project and sentence-transformers (torch, f32, CPU) on the same embedding model, in turn.

    Scripts/bench-embeddings.py [--python FILE] [--binary FILE] [--model FOLDER] [--pairs 5] [--threads 2] [--batch 32] [--tokens 128]

Without --python, sentence-transformers is installed from PyPI into $LLAMA_STACK_PEERS/sentence-transformers the first time
(several gigabytes: torch). Each pair runs one program and at once the other, each in a process of its own;
every sample is printed. Start it on an idle machine.
"""

import argparse
import datetime
import json
import os
import statistics
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
CACHE = os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))
FOLDER = os.path.join(os.environ.get("LLAMA_STACK_PEERS", os.path.join(CACHE, "llama-stack-peers")), "sentence-transformers")
# As `llama-stack-bench embeddings` makes its texts. The first round warms up.
PEER = """
import json, sys, time
import torch
folder, threads, batch, tokens, rounds = sys.argv[1], *map(int, sys.argv[2:])
torch.set_num_threads(threads)
from sentence_transformers import SentenceTransformer
model = SentenceTransformer(folder, device="cpu")
words = "the sea is a large body of salt water that covers most earth".split()
texts = [" ".join(words[(i + text) % len(words)] for i in range(tokens - 2)) for text in range(batch)]
assert len(model.tokenizer(texts[0])["input_ids"]) == tokens
rates = []
for _ in range(rounds + 1):
    start = time.perf_counter()
    model.encode(texts, batch_size=batch, show_progress_bar=False)
    rates.append(batch / (time.perf_counter() - start))
print(json.dumps(sorted(rates[1:])[rounds // 2]))
"""


def main():
    arguments = parse_arguments()
    python = arguments.python or installed()
    theirs, ours = [], []
    version = output([python, "-c", "import sentence_transformers as s, torch; print(s.__version__, 'on torch', torch.__version__)"])
    print(f"sentence-transformers {version}, {processor()}, {datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC, "
          f"load {os.getloadavg()[0]:.2f} at the start", flush=True)
    for _ in range(arguments.pairs):
        numbers = [str(arguments.threads), str(arguments.batch), str(arguments.tokens), str(arguments.rounds)]
        theirs.append(json.loads(output([python, "-c", PEER, arguments.model, *numbers]).splitlines()[-1]))
        row = json.loads(output(
            [arguments.binary, "embeddings", arguments.model, "--threads", numbers[0], "--batch", numbers[1],
             "--tokens", numbers[2], "--rounds", str(arguments.rounds + 1), "--json"]))
        ours.append(row["texts_per_second"]["median"])
    shown = lambda rates: " ".join(f"{rate:.0f}" for rate in rates)
    their_median, our_median = statistics.median(theirs), statistics.median(ours)
    print(f"\n{arguments.batch} texts of {arguments.tokens} tokens, {arguments.threads} threads\n\n"
          "| sentence-transformers texts/s | ours texts/s | ratio | samples: theirs / ours |\n|---|---|---|---|\n"
          f"| {their_median:.1f} | {our_median:.1f} | {our_median / their_median:.2f} | {shown(theirs)} / {shown(ours)} |")


def parse_arguments():
    parser = argparse.ArgumentParser(description="Embeddings beside sentence-transformers.", allow_abbrev=False)
    parser.add_argument("--python", help="a Python that has sentence-transformers")
    parser.add_argument("--binary", default=os.path.join(ROOT, ".build/release/llama-stack-bench"))
    parser.add_argument("--model", default=os.path.join(ROOT, "models/all-MiniLM-L6-v2"))
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--tokens", type=int, default=128)
    return parser.parse_args()


def installed():
    python = os.path.join(FOLDER, "bin/python")
    if not os.path.exists(python):
        print(f"Installing sentence-transformers below {FOLDER} ...", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", FOLDER], check=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "sentence-transformers"], check=True)
    return python


def output(command):
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"{run.stderr[-2000:]}\nerror: {command[0]} ended with status {run.returncode}.")
    return run.stdout.strip()


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), "unknown CPU")


if __name__ == "__main__":
    main()
