"""How speed changes with depth and with the batch, for both engines: JSON lines and plots."""

import datetime
import json
import os
import statistics
import tempfile

from .programs import Machine

DECODED = 64


def measure(programs, output):
    """`output`: the folder of the results, in which there is one for what was measured with these instructions."""
    sizes = programs.sizes
    depths, batches = (",".join(map(str, numbers)) for numbers in (sizes.growth_depths, sizes.growth_batches))
    print(f"\ngrowth: decode at depth {depths}, and of {batches} sequences, Q4_1, 2 threads", flush=True)
    ours = programs.rows(
        [programs.bench, "speed", programs.model("Q4_1"), "--threads", "2", "--runs", str(sizes.growth_runs),
         "--json", "--prefill", "none", "--depth", depths, "--generate", str(DECODED), "--batch", batches])
    peer = [{"test": "machine", "engine": f"llama.cpp {programs.peer_version().split()[0]}", "threads": 2,
             "model": programs.model("Q4_1")}, *by_depth(programs, depths), *by_batch(programs, batches)]
    with tempfile.TemporaryDirectory(prefix="llama-stack-bench-") as folder:
        name = Machine.instructions()
        folder = os.path.join(output or folder, name)
        os.makedirs(folder, exist_ok=True)
        files = []
        for engine, rows in (("llama-stack", ours), ("llama.cpp", peer)):
            files.append(os.path.join(folder, f"growth-{engine}.jsonl"))
            with open(files[-1], "w", encoding="utf-8") as file:
                # The files are kept beside the plots: the model's path is not shown.
                file.writelines(json.dumps(without_folder(row)) + "\n" for row in rows)
        drawn = programs.output([programs.bench, "plot", *files, "--output", folder]).split()
    for rows, engine in ((ours, "ours"), (peer, "peer")):
        print(f"  {engine}: " + ", ".join(
            f"{row['test']} {row.get('sequences', row.get('depth'))}: {row['median']:.4g}"
            for row in rows if row["test"] in ("decode", "batch") and "median" in row), flush=True)
    when = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    images = "\n\n".join(f"![{os.path.basename(path)}]({name}/{os.path.basename(path)})" for path in drawn)
    return {"measured": when, "markdown": f"### How cost grows\n\nQ4_1, 2 threads, {when}.\n\n{images}\n"}


def without_folder(row):
    return {**row, "model": os.path.basename(row["model"])} if "model" in row else row


def by_depth(programs, depths):
    rows = programs.rows(
        [programs.peer("llama-bench"), "-m", programs.model("Q4_1"), "-t", "2", "-p", "0", "-n", str(DECODED), "-d", depths,
         "-r", str(programs.sizes.growth_runs), "-o", "jsonl"])
    return [measured("decode", row["samples_ts"], tokens=DECODED, depth=row["n_depth"]) for row in rows]


def by_batch(programs, batches):
    """The program measures each batch once a run."""
    samples = {}
    for _ in range(programs.sizes.growth_runs):
        for row in programs.rows(
                [programs.peer("llama-batched-bench"), "-m", programs.model("Q4_1"), "-t", "2", "-tb", "2", "-c", "8192",
                 "-npp", "128", "-ntg", str(DECODED), "-npl", batches, "--output-format", "jsonl"]):
            samples.setdefault(row["pl"], []).append(row["speed_tg"])
    return [measured("batch", rates, sequences=count, tokens=DECODED, depth=128) for count, rates in samples.items()]


def measured(test, rates, **about):
    return {"test": test, **about, "unit": "tokens/second", "median": statistics.median(rates), "min": min(rates),
            "max": max(rates), "samples": rates}
