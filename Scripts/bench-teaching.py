#!/usr/bin/env python3
"""Whether training teaches: exact answers to rows that were held out, before and after each algorithm.

    Scripts/bench-teaching.py [--algorithms lora,dora,qlora,full] [--precisions exact,quantized] [--epochs 4]
                              [--batch-size 8] [--learning-rate RATE] [--modules q_proj,v_proj] [--mlp] [--rank 8]
                              [--alpha 16] [--peft] [--peft-only]

The task is Benchmarks/Training/routing.jsonl: which of eight made-up codes goes with a customer's message. Nothing but the
rows can say. routing-known.jsonl asks in the rows' own wordings with other greetings, endings and numbers;
routing-unseen.jsonl in wordings that no row has. An answer is right when it is the code and has ended by itself.

Starts Distributions/train.yaml on a free port with state of its own, trains with `llama-stack finetune`, and asks over HTTP
at the temperature 0. Prints a line of JSON for each model, and a table; the loss is that of the last validation, on the rows of
routing-known.jsonl. With --peft, PEFT (from PyPI, as for
bench-train.py) then trains and asks by the same recipe on the same rows: the first numbers of the adapter, the order of
rows and the schedule are the same too (Scripts/bench_peers/teach.py).
"""
import argparse
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

from bench_peers import torch_peers

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = ROOT / ".build/release/llama-stack"
TASK = ROOT / "Benchmarks/Training"
MODEL = "smollm2-135m-instruct"
SETS = ["known", "unseen"]
# The stop reason of an answer that has ended by itself.
ENDED = "finished_ok"


def rows(name):
    return [json.loads(line) for line in (TASK / f"routing-{name}.jsonl").read_text().splitlines()]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def post(url, body):
    """The JSON Lines of an answer."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=600) as answer:
        return [json.loads(line) for line in answer.read().splitlines()]


def answers(url, model, name):
    """The answer to each row of a set and why it ended, by the temperature 0."""
    dialogs = [row["dialog"] for row in rows(name)]
    body = {
        "model": model, "max_tokens": 24,
        "batch_dialogs": [{"message": dialog[1], "message_history": [dialog[0]]} for dialog in dialogs],
        "sampling_params": {"temperature": 0, "strategy": "greedy", "top_p": 1, "top_k": 0},
    }
    items = post(f"{url}/inference/batch_chat_completion", body)
    return [(item["content"], item["stop_reason"]) for item in items]


def share(url, model, name):
    """Of a set's rows: how many are answered with their code alone, and how many answers ended by themselves."""
    wanted = [row["dialog"][2]["content"] for row in rows(name)]
    given = answers(url, model, name)
    return {
        "rows": len(wanted),
        "right": sum(text.strip() == code and reason == ENDED for (text, reason), code in zip(given, wanted)),
        "ended": sum(reason == ENDED for _, reason in given),
    }


def measured(url, model, algorithm, seconds, loss=None):
    result = {"model": model, "algorithm": algorithm, "seconds": round(seconds, 1), "validation_loss": loss}
    result.update({name: share(url, model, name) for name in SETS})
    print(json.dumps(result), flush=True)
    return result


def recipe(arguments):
    """Options that `finetune` and the peer share."""
    options = [
        "--epochs", arguments.epochs, "--batch-size", arguments.batch_size, "--modules", arguments.modules,
        "--rank", arguments.rank, "--alpha", arguments.alpha]
    if arguments.learning_rate:
        options += ["--lr", arguments.learning_rate]
    return options + (["--mlp"] if arguments.mlp else [])


def peer(algorithm, arguments):
    python = torch_peers.installed()
    command = [
        python, ROOT / "Scripts/bench_peers/teach.py", torch_peers.decoded(python), "--algorithm", algorithm,
        "--threads", arguments.threads, *recipe(arguments)]
    result = json.loads(torch_peers.output(command).splitlines()[-1])
    result["algorithm"] = f"{algorithm}, PEFT"
    print(json.dumps(result), flush=True)
    return result


def train(url, job, algorithm, precision, arguments):
    """The seconds that it took, and the loss of its last validation."""
    command = [
        BINARY, "finetune", "--url", url, "--dataset", TASK / "routing.jsonl", "--validation", TASK / "routing-known.jsonl",
        "--job", job, "--algorithm", algorithm, "--precision", precision, *recipe(arguments),
    ]
    begin = time.monotonic()
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"error: finetune --algorithm {algorithm} ended with {done.returncode}: {done.stderr[-2000:]}")
    seconds = time.monotonic() - begin
    log = subprocess.run([BINARY, "jobs", "logs", job, "--url", url], capture_output=True, text=True, check=True).stdout
    return seconds, float(re.findall(r"^validation ([0-9.]+) step", log, re.MULTILINE)[-1])


def table(results):
    print(f"\n{'model':<16} {'known':>8} {'unseen':>8} {'ended':>8} {'loss':>8} {'seconds':>8}")
    for result in results:
        ended = sum(result[name]["ended"] for name in SETS)
        count = sum(result[name]["rows"] for name in SETS)
        cells = [f"{result[name]['right']}/{result[name]['rows']}" for name in SETS] + [f"{ended}/{count}"]
        cells += [result.get("validation_loss") or "", result["seconds"]]
        print(f"{result['algorithm']:<16} " + " ".join(f"{cell:>8}" for cell in cells))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--algorithms", default="lora,dora,qlora")
    parser.add_argument("--precisions", default="exact", help="exact, quantized")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--learning-rate")
    parser.add_argument("--modules", default="q_proj,v_proj")
    parser.add_argument("--mlp", action="store_true")
    parser.add_argument("--rank", type=int, default=8)
    parser.add_argument("--alpha", type=int, default=16)
    parser.add_argument("--peft", action="store_true", help="have PEFT train and answer beside it")
    parser.add_argument("--peft-only", action="store_true", help="have PEFT alone train and answer")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="the peer's")
    arguments = parser.parse_args()
    if not BINARY.exists():
        sys.exit(f"error: there is no {BINARY}. `make build model` makes what this needs.")
    if arguments.peft_only:
        return table([peer(algorithm, arguments) for algorithm in arguments.algorithms.split(",")])
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        environment = {**os.environ, "LLAMA_STACK_STATE": f"{folder}/state", "LLAMA_STACK_DATA": f"{folder}/data"}
        server = subprocess.Popen(
            [BINARY, "run", ROOT / "Distributions/train.yaml", "--port", str(port)], env=environment,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            if not server.stdout.readline().startswith("ready"):
                sys.exit("error: the server did not start; `llama-stack run Distributions/train.yaml` says why")
            results = [measured(url, MODEL, "before", 0)]
            for algorithm in arguments.algorithms.split(","):
                for precision in arguments.precisions.split(","):
                    job = algorithm if precision == "exact" else f"{algorithm}-{precision}"
                    seconds, loss = train(url, job, algorithm, precision, arguments)
                    results.append(measured(url, f"{MODEL}@{job}", job, seconds, loss))
                if arguments.peft:
                    results.append(peer(algorithm, arguments))
            table(results)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=30)


if __name__ == "__main__":
    main()
