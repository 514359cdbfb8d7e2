#!/usr/bin/env python3
"""Judges inline::code-guard by bandit's examples and bandit's own verdicts.

    Scripts/judge-code-guard.py [--binary FILE] [--write]

bandit and its examples are taken from PyPI the first time, into $LLAMA_STACK_PEERS/bandit; none of them is in this
repository. The examples are split into halves by a seed: the rules were written from the half `seen`, and the figures of the
other half count. bandit judges with --ignore-nosec: a comment in the code that is judged can't be what turns a guard off; the
figures by its verdicts with such comments are printed too. A running server judges each file as a block of Python in a
message. --write records the lists and the figures in Benchmarks/Guards/code-guard.json.
"""

import argparse
import glob
import json
import os
import random
import subprocess
import sys
import tarfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "guards"))
from server import ROOT, environment, serving  # noqa: E402

VERSION, SEED = "1.9.4", 15
RECORD = os.path.join(ROOT, "Benchmarks/Guards/code-guard.json")
DISTRIBUTION = """
version: 1
providers:
  safety: [{provider_id: code, provider_type: inline::code-guard}]
shields: [{shield_id: code_guard}]
"""
LEVELS = ["clean", "low", "medium", "high"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=os.path.join(ROOT, ".build/release/llama-stack"))
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--missed", action="store_true", help="list what the seen half has and the guard does not find")
    arguments = parser.parse_args()
    folder, python = fetched()
    verdicts, commented = bandit(folder, python, "--ignore-nosec"), bandit(folder, python)
    files = sorted(verdicts)
    order = files[:]
    random.Random(SEED).shuffle(order)
    seen = set(order[: len(order) // 2])
    found = {}
    with serving(DISTRIBUTION, arguments.binary) as server:
        for file in files:
            with open(os.path.join(folder, file), encoding="utf-8", errors="replace") as source:
                found[file] = judged(server, source.read())
    halves = {"seen": sorted(seen), "held_out": sorted(set(files) - seen)}
    figures = {name: figure(half, verdicts, found) for name, half in halves.items()}
    figures |= {name + ", by verdicts with # nosec": figure(half, commented, found) for name, half in halves.items()}
    print(f"bandit {VERSION}, {len(files)} examples, split by seed {SEED}\n")
    print("| half | high and medium | flagged | clean | flagged | low | flagged |\n|---|---|---|---|---|---|---|")
    for name, row in figures.items():
        print(f"| {name} | {row['bad']} | {row['bad_flagged']} ({share(row['bad_flagged'], row['bad'])}) | {row['clean']} | "
              f"{row['clean_flagged']} ({share(row['clean_flagged'], row['clean'])}) | {row['low']} | {row['low_flagged']} |")
    if arguments.missed:
        for file in halves["seen"]:
            if (verdicts[file] >= 2) != bool(found[file]):
                print(f"{LEVELS[verdicts[file]]} {file}: {found[file]}")
    if arguments.write:
        rows = {name: {file: {"bandit": LEVELS[verdicts[file]], "guard": found[file]} for file in half}
                for name, half in halves.items()}
        os.makedirs(os.path.dirname(RECORD), exist_ok=True)
        with open(RECORD, "w", encoding="utf-8") as record:
            json.dump({"bandit": VERSION, "seed": SEED, "figures": figures, "files": rows}, record, indent=1)
            record.write("\n")


def share(part, whole):
    return f"{100 * part / whole:.1f} %" if whole else "-"


def figure(half, verdicts, found):
    row = {"bad": 0, "bad_flagged": 0, "low": 0, "low_flagged": 0, "clean": 0, "clean_flagged": 0}
    for file in half:
        kind = "bad" if verdicts[file] >= 2 else LEVELS[verdicts[file]]
        row[kind] += 1
        row[kind + "_flagged"] += bool(found[file])
    return row


def judged(server, code):
    answer = server.post("/safety/run_shield", {
        "shield_type": "code_guard", "messages": [{"role": "assistant", "content": f"~~~~~~python\n{code}\n~~~~~~\n"}]})
    return answer["violation"]["violation_type"].split(",") if answer.get("violation") else []


def bandit(folder, python, *options):
    """The highest severity of each file, as a place in LEVELS."""
    report = subprocess.run([python, "-m", "bandit", "-q", "-f", "json", *options, "-r", "."], cwd=folder, capture_output=True, text=True)
    verdicts = {os.path.relpath(file, folder): 0
                for file in glob.glob(os.path.join(folder, "**/*.py"), recursive=True)}
    for result in json.loads(report.stdout)["results"]:
        file = os.path.normpath(result["filename"])
        verdicts[file] = max(verdicts[file], LEVELS.index(result["issue_severity"].lower()))
    return verdicts


def fetched():
    """The folder of the examples and a Python that has bandit."""
    python = environment("bandit", f"bandit=={VERSION}", "pbr", "setuptools", "wheel")
    home = os.path.dirname(os.path.dirname(python))
    folder = os.path.join(home, f"bandit-{VERSION}", "examples")
    if not os.path.isdir(folder):
        subprocess.run([python, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "bandit",
                        "--no-build-isolation", "--dest", home, f"bandit=={VERSION}"], check=True)
        with tarfile.open(os.path.join(home, f"bandit-{VERSION}.tar.gz")) as archive:
            archive.extractall(home, filter="data")
    return folder, python


if __name__ == "__main__":
    main()
