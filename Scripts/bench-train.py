#!/usr/bin/env python3
"""Measures steps of training here and in PEFT and TRL on torch (CPU), in turn, on the same model.

    Scripts/bench-train.py [--python FILE] [--binary FILE] [--model FILE.gguf] [--rows lora,dora,...] [--pairs 3]
                           [--threads 2] [--steps 5]

Without --python, torch, transformers, PEFT, TRL and bitsandbytes are installed from PyPI into $LLAMA_STACK_PEERS/training
the first time (several gigabytes), and the model is decoded to a folder in f32 beside them. Each pair runs one program and
at once the other, each in a process of its own: two steps that are not counted, then the median of --steps. The peer runs in
f32 and, where this machine makes that faster, in bf16.
Start it on an idle machine; on a busy one read the columns of one thread by processor time (--threads 1).
"""

import argparse
import datetime
import json
import os
import statistics

from bench_peers.torch_peers import MODEL, ROOT, decoded, installed, output

PEER = os.path.join(ROOT, "Scripts", "bench_peers", "train_step.py")

# Name: what it is, our arguments, the peer's arguments.
ROWS = {
    "lora": ("LoRA r = 8 on q, v, 4 x 256", ["--method", "lora"], ["--method", "lora"]),
    "chunked": ("the same, the peer's loss in chunks", ["--method", "lora"], ["--method", "lora", "--chunked"]),
    "checkpointing": (
        "the same with activation checkpointing", ["--method", "lora", "--checkpointing"],
        ["--method", "lora", "--chunked", "--checkpointing"]),
    "quantized": ("LoRA, forward in int16", ["--method", "lora", "--precision", "quantized"], ["--method", "lora"]),
    "dora": ("DoRA r = 8 on q, v, 4 x 256", ["--method", "dora"], ["--method", "dora"]),
    "full": ("full fine-tuning, 1 x 256", ["--method", "full", "--batch", "1"], ["--method", "full", "--batch", "1"]),
    "qlora": ("QLoRA, 1 x 256", ["--method", "qlora", "--batch", "1"], ["--method", "qlora", "--batch", "1"]),
    "dpo": ("DPO, 2 pairs x 256, prompt 128", ["--method", "dpo", "--batch", "2"], ["--method", "dpo", "--batch", "2"]),
}


def main():
    arguments = parse_arguments()
    python = arguments.python or installed()
    folder = decoded(python, arguments.model)
    version = output([python, "-c", "import torch, peft, trl; print('torch', torch.__version__, 'PEFT', peft.__version__, 'TRL', trl.__version__)"])
    print(f"{version.splitlines()[-1]}, {processor()}, {arguments.threads} threads, "
          f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC, load {os.getloadavg()[0]:.2f} at the start", flush=True)
    common = ["--threads", str(arguments.threads), "--steps", str(arguments.steps)]

    def peer(options, dtype):
        return json.loads(output([python, PEER, folder, *options, "--dtype", dtype, *common]).splitlines()[-1])

    types = ["f32"]
    if arguments.dtype == "both":
        rates = {kind: peer(["--method", "lora", "--batch", "1", "--length", "32"], kind)["tokens_per_processor_second"]
                 for kind in ("f32", "bf16")}
        print("the peer's types: " + ", ".join(f"{kind} {rate:.1f}" for kind, rate in rates.items())
              + " tokens a processor second on 1 x 32", flush=True)
        # Without instructions for it, bf16 runs in torch's reference loop: tens of times slower, which says nothing.
        if rates["bf16"] > rates["f32"]:
            types = ["f32", "bf16"]
    print("\n| what | peer tokens/s | ours tokens/s | ratio | ratio by processor time | peer MiB | ours MiB | ratio | samples: peer / ours |"
          "\n|---|---|---|---|---|---|---|---|---|", flush=True)
    for name in arguments.rows.split(","):
        what, ours_options, peer_options = ROWS[name]
        # Masters in bf16 are another training, and NF4 computes in f32 on both sides.
        for kind in ["f32"] if name in ("full", "qlora") else types:
            theirs, ours = [], []
            for _ in range(arguments.pairs):
                theirs.append(peer(peer_options, kind))
                ours.append(json.loads(output([arguments.binary, "train", arguments.model, *ours_options, *common, "--json"])))
            print(row(f"{what}; peer in {kind}", theirs, ours), flush=True)


def row(what, theirs, ours):
    their_rates = [sample["tokens_per_second"] for sample in theirs]
    our_rates = [sample["tokens_per_second"]["median"] for sample in ours]
    their_processor = statistics.median(sample["tokens_per_processor_second"] for sample in theirs)
    our_processor = statistics.median(sample["tokens_per_processor_second"]["median"] for sample in ours)
    theirs_mib = statistics.median(sample["peak_mib"] for sample in theirs)
    ours_mib = statistics.median(sample["peak_mib"] for sample in ours)
    shown = lambda rates: " ".join(f"{rate:.0f}" for rate in rates)
    their_median, our_median = statistics.median(their_rates), statistics.median(our_rates)
    return (f"| {what} | {their_median:.1f} | {our_median:.1f} | {our_median / their_median:.2f} | {our_processor / their_processor:.2f} "
            f"| {theirs_mib:.0f} | {ours_mib:.0f} | {theirs_mib / ours_mib:.2f} | {shown(their_rates)} / {shown(our_rates)} |")


def parse_arguments():
    parser = argparse.ArgumentParser(description="Steps of training beside PEFT and TRL.", allow_abbrev=False)
    parser.add_argument("--python", help="a Python that has torch, transformers, peft, trl, bitsandbytes and gguf")
    parser.add_argument("--binary", default=os.path.join(ROOT, ".build/release/llama-stack-bench"))
    parser.add_argument("--model", default=MODEL)
    parser.add_argument("--rows", default=",".join(ROWS), help="of " + ", ".join(ROWS))
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--dtype", choices=["f32", "both"], default="both", help="the peer's types: bf16 only where it is faster")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.rows.split(",") if name not in ROWS]
    if unknown:
        parser.error(f"--rows: {', '.join(unknown)}: none of {', '.join(ROWS)}")
    return arguments


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), "unknown CPU")


if __name__ == "__main__":
    main()
