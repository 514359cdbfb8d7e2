#!/usr/bin/env python3
"""Measures this project beside llama.cpp and OpenVINO GenAI, on the same files, and prints the ratios.

    Scripts/bench-peers.py [--rows PATTERN,...] [--shape 1b,3b,8b] [--alone] [--pairs 5] [--folder DIR] [--write] [--smoke]
                           [--list]

The peers come from PyPI into DIR the first time (Scripts/setup-peers.sh: llama.cpp is built, about 6 minutes on 2 cores).
Measurements come in pairs: each program once, at once after the other, and the order changes from pair to pair. Every
sample is printed. A row with 1 thread is timed by the CPU time of its process, one with more by the clock on the wall;
there other programs disturb, and the share of the processor that they took is said with each row.

--rows takes names or patterns (--list shows them), `--rows 'q4_1*,server'`; `*` is all. Without it everything but the fidelity
row is measured, about 30 minutes with 5 pairs; rows that have nothing to reach get 3. A row that fails does not end the run, but
makes its status 1. --write puts what was measured into
Benchmarks/results.json and draws Benchmarks/RESULTS.md anew, by instruction set; rows that were not measured stay as they are. --smoke
measures so little that only the machinery is tried.

--shape measures files of random weights in the shapes of Llama 3.2 1B and 3B and Llama 3.1 8B, in Q4_K_M, Q8_0 and Q4_0, and
says which share of what this machine reaches in loops of its own that is: reading alone, or multiplying bytes alone; with 1b
also what eight answers together gain and what a context of 8,192 tokens costs. Files of up to 8.5 GB are written to DIR/models.
--rows picks some of these rows ('1b-q4_k_m'). --alone leaves the peers out.
"""

import argparse
import datetime
import fnmatch
import os
import subprocess
import sys
import time
import traceback

from bench_peers import engine_rows, fidelity, growth, report, reuse_rows, server_rows
from bench_peers.programs import Machine, Programs, ROOT, Sizes

USUAL = "usual"


def main():
    arguments = parse_arguments()
    instructions = Machine.instructions()
    groups = [*engine_rows.groups(instructions), *server_rows.groups(instructions), *reuse_rows.groups()]
    extras = {"growth": growth.measure, "fidelity": fidelity.measure}
    if arguments.shape:
        groups, extras = engine_rows.shape_groups(arguments.shape, instructions), {}
    names = [group.name for group in groups] + list(extras)
    chosen = choose(names, arguments.rows)
    if arguments.list:
        print("\n".join(chosen))
        return
    if not arguments.alone:
        set_up(arguments, chosen)
    sizes = Sizes.smoke() if arguments.smoke else Sizes()
    programs = Programs(arguments.folder, arguments.binary, sizes)
    results = report.Results(os.path.join(arguments.output, "results.json"), instructions)
    peer = "no peer" if arguments.alone else f"llama.cpp {programs.peer_version()}"
    print(f"{peer}; {Machine.description()}; load average {os.getloadavg()[0]:.2f}", flush=True)
    pairs = 1 if arguments.smoke else arguments.pairs
    rows = {group.name: lambda group=group: results.put(
        measure(group, programs, group.pairs(pairs), arguments.alone)) for group in groups}
    for name, work in extras.items():
        rows[name] = lambda name=name, work=work: results.put_extra(
            name, work(programs, arguments.output if arguments.write else None))
    failed = [name for name in chosen if not attempt(name, rows[name], lambda: save(results, arguments, programs))]
    if not arguments.alone:
        print("\n" + report.table(results.measured_now()))
    if failed:
        sys.exit(f"error: these rows could not be measured; the reasons stand above: {', '.join(failed)}")


def attempt(name, row, save):
    """One row; what keeps it from being measured does not keep others. What was measured before stays written."""
    start = time.monotonic()
    try:
        row()
        save()
    except (Exception, SystemExit) as error:
        if not isinstance(error, SystemExit):
            traceback.print_exc()
        print(f"{error}\n{name} failed after {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
        return False
    print(f"  {name} took {time.monotonic() - start:.0f} s", flush=True)
    return True


def parse_arguments():
    cache = os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))
    parser = argparse.ArgumentParser(
        description=__doc__, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default=USUAL, help="names or patterns with commas between them; all but fidelity by default")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--folder", default=os.environ.get("LLAMA_STACK_PEERS", os.path.join(cache, "llama-stack-peers")),
                        help="where the peers are, or come to be")
    parser.add_argument("--binary", default=os.path.join(ROOT, ".build/release/llama-stack"))
    parser.add_argument("--write", action="store_true", help="write RESULTS.md, results.json and the plots")
    parser.add_argument("--output", default=os.path.join(ROOT, "Benchmarks"), help="the folder to write to")
    parser.add_argument("--smoke", action="store_true", help="one pair of very short measurements")
    parser.add_argument("--list", action="store_true", help="print the names of the rows and stop")
    parser.add_argument("--shape", type=shapes, default=[], help="1b, 3b and 8b, with commas between them")
    parser.add_argument("--alone", action="store_true", help="measure this project alone, without peers")
    arguments = parser.parse_args()
    if arguments.alone and not arguments.shape:
        parser.error("--alone is for --shape: the other rows are ratios")
    if arguments.alone and arguments.write:
        parser.error("--alone has no ratios to write")
    if arguments.write and not Machine.may_use_all():
        parser.error("LLAMA_STACK_ISA holds this project alone back: the peers were built for all that this machine has")
    if arguments.pairs < 1:
        parser.error("--pairs must be at least 1")
    if arguments.smoke and arguments.write and arguments.output == os.path.join(ROOT, "Benchmarks"):
        parser.error("what --smoke measures is no result: --write needs --output FOLDER then")
    return arguments


def shapes(text):
    names = text.lower().split(",")
    unknown = [name for name in names if name not in engine_rows.SHAPES]
    if unknown:
        raise argparse.ArgumentTypeError(f"no shape is called '{unknown[0]}'; there are {', '.join(engine_rows.SHAPES)}")
    return names


def choose(names, patterns):
    chosen = []
    if patterns == USUAL:
        return [name for name in names if name != "fidelity"]
    for pattern in patterns.split(","):
        matching = [name for name in names if fnmatch.fnmatch(name, pattern.strip().lower())]
        if not matching:
            sys.exit(f"error: no row is called '{pattern}'. There are: {', '.join(names)}")
        chosen += matching
    return [name for name in names if name in chosen]


def set_up(arguments, chosen):
    if not os.access(arguments.binary, os.X_OK):
        sys.exit(f"error: there is no {arguments.binary}. `make build` makes it.")
    command = [os.path.join(ROOT, "Scripts/setup-peers.sh"), "--folder", arguments.folder]
    if "openvino" in chosen:
        command.append("--openvino")
    if subprocess.run(command).returncode != 0:
        sys.exit("error: the peers could not be set up; the reason is above.")


def measure(group, programs, pairs, alone=False):
    """The group's figures, each with its samples."""
    print(f"\n{group.name}: {group.title}", flush=True)
    machine = Machine()
    for number in range(pairs):
        order = ["peer", "ours"] if number % 2 == 0 else ["ours", "peer"]
        for engine in ["ours"] if alone and not group.ours_alone else order:
            sample = group.sample(programs, engine)
            for figure in group.figures:
                figure.samples[engine].append(sample[figure.name])
            shown = ", ".join(f"{figure.short} {sample[figure.name]:.4g} {figure.unit}" for figure in group.figures)
            print(f"  pair {number + 1} of {pairs}, {engine}: {shown}", flush=True)
    when = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    for figure in group.figures:
        figure.about = {"measured": when, "peer": group.peer, **machine.disturbance()}
        print("  " + figure.line(), flush=True)
    return group.figures


def save(results, arguments, programs):
    if arguments.write:
        about = {"llama.cpp": programs.peer_version(), "machine": Machine.description()}
        results.write(os.path.join(arguments.output, "RESULTS.md"), about)


if __name__ == "__main__":
    main()
