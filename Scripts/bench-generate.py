#!/usr/bin/env python3
"""Measures what synthetic data loses over the engine alone: 64 prompts x 4 candidates through `generate`.

    Scripts/bench-generate.py [--prompts 64] [--tokens 64] [--rounds 3] [--threads 2]

Tokens a second of /synthetic_data_generation/generate (16 candidates at a time, as in Distributions/train.yaml), drawn as by
default, by top-p from the whole vocabulary, and from all of it; beside `llama-stack-bench speed --batch 16`, which draws
nothing, on the same model, in turn. With --threads 1 both are timed by processor time, which a busy machine changes least.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
MODEL = ROOT / "models/SmolLM2-135M-Instruct.Q4_1.gguf"
DRAWS = {
    "default": {},
    "top-p of all": {"sampling_params": {"temperature": 0.8, "strategy": "top_p", "top_p": 0.95, "top_k": 0}},
    "all": {"sampling_params": {"temperature": 0.8, "strategy": "top_p", "top_p": 1, "top_k": 0}},
}


def processor_time(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Server:
    def __init__(self, binary, scratch, draw, arguments):
        config = {"model": "smollm", "generations": 4, "max_tokens": arguments.tokens, **DRAWS[draw]}
        manifest = {
            "version": 1, "name": "bench", "server": {"port": 0},
            "providers": {
                "inference": [{"provider_id": "cpu", "provider_type": "inline::cpu", "config": {"threads": arguments.threads}}],
                "synthetic_data_generation": [{"provider_id": "d", "provider_type": "inline::reference", "config": config}]},
            "models": [{"model_id": "smollm", "provider_id": "cpu", "path": str(MODEL)}]}
        file = pathlib.Path(scratch) / "bench.yaml"
        file.write_text(json.dumps(manifest))
        self.process = subprocess.Popen(
            [binary, "run", file, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = "http://127.0.0.1:" + self.process.stdout.readline().split("127.0.0.1:")[1].split()[0].rstrip("/,")

    def rate(self, arguments, seed):
        body = {
            "prompts": [{"role": "user", "content": f"Write a long story about the number {seed * 1000 + place}."}
                        for place in range(arguments.prompts)],
            "filtering_function": "none", "reward_scoring": {"seed": seed}}
        request = urllib.request.Request(
            self.url + "/synthetic_data_generation/generate", json.dumps(body).encode(), {"Content-Type": "application/json"})
        start, used = time.perf_counter(), processor_time(self.process.pid)
        with urllib.request.urlopen(request, timeout=3600) as answer:
            tokens = json.load(answer)["statistics"]["tokens"]
        wall, processor = time.perf_counter() - start, processor_time(self.process.pid) - used
        return tokens / (processor if arguments.threads == 1 else wall)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def engine(arguments):
    """Prompts of 32 tokens, as those above with their template, and as many tokens behind them."""
    command = [
        arguments.bench, "speed", MODEL, "--threads", arguments.threads, "--prefill", "none", "--depth", "none", "--batch", 16,
        "--batch-depth", 40, "--batch-generate", arguments.tokens, "--runs", 3, "--json",
        "--clock", "processor" if arguments.threads == 1 else "wall"]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True)
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    row = next(row for row in rows if row["test"] == "batch")
    return row["median"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=str(ROOT / ".build/release/llama-stack"))
    parser.add_argument("--bench", default=str(ROOT / ".build/release/llama-stack-bench"))
    parser.add_argument("--prompts", type=int, default=64)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} processors, {arguments.threads} threads, load {os.getloadavg()[0]:.2f} at the start", flush=True)
    for draw in DRAWS:
        with tempfile.TemporaryDirectory() as scratch:
            server = Server(arguments.binary, scratch, draw, arguments)
            try:
                ours, alone = [], []
                for seed in range(1, arguments.rounds + 1):
                    ours.append(server.rate(arguments, seed))
                    alone.append(engine(arguments))
            finally:
                server.stop()
        print(f"{draw}: generate {statistics.median(ours):.0f} tokens/s, the engine alone {statistics.median(alone):.0f}: "
              f"{100 * statistics.median(ours) / statistics.median(alone):.0f} %", flush=True)


if __name__ == "__main__":
    sys.exit(main())
