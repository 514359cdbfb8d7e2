"""How near each engine stays to the same model in f32: perplexity and Kullback-Leibler divergence on one text."""

import datetime
import json
import os
import re
import subprocess
import sys
import tempfile

from .programs import ROOT

FORMS = ["Q4_1", "Q8_0", "F16", "Q4_0", "Q4_K_M"]
TEXT = os.path.join(ROOT, "Tests/Fixtures/fidelity/text.txt")
# What llama.cpp must be told to round nothing for an F32 file.
UNROUNDED = ["-fa", "off", "-ctk", "f32", "-ctv", "f32"]


def measure(programs, _output):
    print("\nfidelity: perplexity and divergence from the F32 file computed in f32, each by its own engine", flush=True)
    windows = min(programs.sizes.windows, 1000)
    with tempfile.TemporaryDirectory(prefix="llama-stack-bench-") as folder:
        # One number of 16 bits for each token of the vocabulary at each scored position: half a gigabyte.
        base = os.path.join(folder, "base")
        f32 = perplexity(programs, "F32", [*UNROUNDED, "--kl-divergence-base", base], windows)
        f32_value = float(re.search(r"PPL = ([0-9.]+)", f32).group(1))
        rows = []
        for form in FORMS:
            theirs = perplexity(programs, form, ["--kl-divergence-base", base, "--kl-divergence"], windows)
            own = json.loads(programs.output(
                [programs.bench, "divergence", programs.model(form), "--base", programs.model("F32"), "--text",
                 TEXT, "--threads", "2", "--json", "--windows", str(windows)]))
            rows.append({
                "form": form, "peer_perplexity": number(theirs, r"Mean PPL\(Q\)\s*:\s*([0-9.]+)"),
                "peer_divergence": number(theirs, r"Mean\s+KLD:\s*([0-9.]+)"),
                "peer_same_top": number(theirs, r"Same top p:\s*([0-9.]+)") / 100,
                "perplexity": own["perplexity"], "divergence": own["mean"], "divergence_error": own["standard_error"],
                "same_top": own["same_top"], "base_perplexity": own["base_perplexity"]})
            print("  " + line(rows[-1]), flush=True)
    when = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    return {"measured": when, "f32_perplexity_peer": f32_value, "rows": rows, "markdown": markdown(rows, f32_value, when)}


def perplexity(programs, form, options, windows):
    command = [programs.peer("llama-perplexity"), "-m", programs.model(form), "-f", TEXT, "-t", "2", "-c", "512", "--chunks",
               str(windows if windows < 1000 else -1), *options]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"{run.stderr[-2000:]}\nerror: {' '.join(command)} ended with status {run.returncode}.")
    return run.stdout + run.stderr


def number(text, pattern):
    found = re.search(pattern, text)
    if not found:
        sys.exit(f"{text[-2000:]}\nerror: llama-perplexity did not say '{pattern}'; it said the above.")
    return float(found.group(1))


def cells(row):
    difference = 100 * (row["perplexity"] / row["peer_perplexity"] - 1)
    from_f32 = 100 * (row["perplexity"] / row["base_perplexity"] - 1)
    return [row["form"], f"{row['peer_perplexity']:.3f}", f"{row['perplexity']:.3f}", f"{difference:+.2f} %",
            f"{from_f32:+.2f} %", f"{1000 * row['peer_divergence']:.2f}",
            f"{1000 * row['divergence']:.2f} ± {1000 * row['divergence_error']:.2f}", f"{100 * row['peer_same_top']:.1f} %",
            f"{100 * row['same_top']:.1f} %"]


TITLES = ["file", "perplexity, llama.cpp", "ours", "difference", "ours to f32", "divergence ×10⁻³, llama.cpp", "ours",
          "same likeliest token, llama.cpp", "ours"]


def line(row):
    return ", ".join(f"{title} {cell}" for title, cell in zip(TITLES, cells(row)))


def markdown(rows, f32, when):
    lines = [
        "### Fidelity", "",
        f"On Tests/Fixtures/fidelity/text.txt, in windows of 512 tokens, {when}. Divergence is the mean Kullback-Leibler",
        "divergence in nats from the F32 file computed in f32, each engine from its own; for Q4_1 and F32 the weights are the",
        "same numbers, so it shows what arithmetic rounds off, for the others what the file rounds off too. llama.cpp's",
        f"perplexity of the F32 file is {f32:.3f}, ours {rows[0]['base_perplexity']:.3f}.", "",
        "| " + " | ".join(TITLES) + " |", "|" + "---|" * len(TITLES)]
    return "\n".join(lines + ["| " + " | ".join(cells(row)) + " |" for row in rows]) + "\n"
