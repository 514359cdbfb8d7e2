#!/usr/bin/env python3
"""Measures a server that trains: how soon a job takes its first step, and what a client of the model notices of it.

    Scripts/bench-training-served.py [--binary FILE] [--distribution FILE] [--jobs 3] [--answers 6] [--tokens 64]

Jobs of 320 rows (Benchmarks/Training/routing.jsonl) are submitted one after the other; the time runs from the request to
the first step in the log. Then one client reads chat answers, token by token, in turn without a job and beside one that
trains with all threads: medians and p99 of the time between two tokens, over all answers.
Start it on an idle machine. It needs the model (`make model`) and nothing else.
"""
import argparse
import base64
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
MODEL = "smollm2-135m-instruct"


def call(url, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data, {"Content-Type": "application/json"})
    return urllib.request.urlopen(request, timeout=600)


def job(name, steps):
    rows = (ROOT / "Benchmarks/Training/routing.jsonl").read_bytes()
    dataset = {
        "columns": {"dialog": "dialog"}, "metadata": {},
        "content_url": "data:application/jsonl;base64," + base64.b64encode(rows).decode()}
    return {
        "job_uuid": name, "model": MODEL, "dataset": dataset, "validation_dataset": dataset, "algorithm": "lora",
        "algorithm_config": {
            "lora_attn_modules": ["q_proj", "v_proj"], "apply_lora_to_mlp": False, "apply_lora_to_output": False,
            "rank": 8, "alpha": 16},
        "optimizer_config": {"optimizer_type": "adamw", "lr": 1e-3, "lr_min": 1e-5, "weight_decay": 0.01},
        "training_config": {
            "n_epochs": 1000, "batch_size": 4, "shuffle": True, "n_iters": steps,
            "enable_activation_checkpointing": False, "memory_efficient_fsdp_wrap": False, "fsdp_cpu_offload": False},
        "hyperparam_search_config": {"checkpoint_steps": 100000, "validation_steps": 100000}, "logger_config": {}}


def until_step(url, name, step):
    with call(url, f"/post_training/job/logs?job_uuid={name}") as answer:
        for line in answer:
            if line.startswith(b"data:") and f'"step {step}/' in line.decode():
                return
    raise SystemExit(f"{name} ended before step {step}: llama-stack jobs logs {name}")


def first_step(url, name):
    body = job(name, 100000)
    start = time.perf_counter()
    call(url, "/post_training/supervised_fine_tune/", body).read()
    accepted = time.perf_counter() - start
    until_step(url, name, 1)
    seconds = time.perf_counter() - start
    call(url, f"/post_training/job/cancel?job_uuid={name}", {}).read()
    return accepted, seconds


def gaps(url, tokens):
    """The seconds between two events of one streamed answer."""
    body = {
        "model": MODEL, "stream": True, "max_tokens": tokens, "sampling_params": {"strategy": "greedy"},
        "dialog": {"message": {"role": "user", "content": "Write a long story about a lighthouse and the sea."}}}
    times = []
    with call(url, "/inference/chat_completion", body) as answer:
        for line in answer:
            if line.startswith(b"data:") and b'"progress"' in line:
                times.append(time.perf_counter())
    return [b - a for a, b in zip(times, times[1:])]


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, math.ceil(share * len(values)) - 1)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=str(ROOT / ".build/release/llama-stack"))
    parser.add_argument("--distribution", default=str(ROOT / "Distributions/train.yaml"))
    parser.add_argument("--jobs", type=int, default=3)
    parser.add_argument("--answers", type=int, default=6)
    parser.add_argument("--tokens", type=int, default=64)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        environment = dict(os.environ, LLAMA_STACK_STATE=scratch + "/state", LLAMA_STACK_DATA=scratch + "/data")
        server = subprocess.Popen(
            [arguments.binary, "run", arguments.distribution, "--port", "0"], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env=environment, text=True)
        try:
            ready = server.stdout.readline()
            url = "http://127.0.0.1:" + ready.split("127.0.0.1:")[1].split()[0].rstrip("/,")
            threading.Thread(target=lambda: [None for _ in server.stdout], daemon=True).start()
            print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.2f} at the start", flush=True)
            starts = [first_step(url, f"start-{number}") for number in range(arguments.jobs)]
            print(
                "320 rows: accepted after " + ", ".join(f"{a:.2f}" for a, _ in starts) + " s; first step done after "
                + ", ".join(f"{s:.2f}" for _, s in starts) + f" s, median {statistics.median(s for _, s in starts):.2f}",
                flush=True)
            gaps(url, arguments.tokens)
            idle, beside = [], []
            for number in range(arguments.answers):
                idle += gaps(url, arguments.tokens)
                name = f"beside-{number}"
                call(url, "/post_training/supervised_fine_tune/", job(name, 100000)).read()
                until_step(url, name, 1)
                beside += gaps(url, arguments.tokens)
                call(url, f"/post_training/job/cancel?job_uuid={name}", {}).read()
            for name, values in [("idle", idle), ("beside a job", beside)]:
                print(
                    f"between tokens, {name}: median {statistics.median(values) * 1e3:.1f} ms, "
                    f"p99 {percentile(values, 0.99) * 1e3:.1f} ms, {len(values)} gaps", flush=True)
            print(
                f"beside / idle: median {statistics.median(beside) / statistics.median(idle):.2f}, "
                f"p99 {percentile(beside, 0.99) / percentile(idle, 0.99):.2f}; load {os.getloadavg()[0]:.2f} at the end")
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    sys.exit(main())
