"""Rows that measure an engine alone: no server, no sampling, random tokens."""

import os
import statistics

from .figures import Figure, Group
from .programs import Machine

# Wanted ratios at 2 threads: form -> (prefill must, aim), (decode must, aim).
WANTED = {"Q4_1": (("5×", "8×"), ("2×", "3×")), "Q8_0": (("2.5×", "3.5×"), ("1.5×", "2×")),
          "F16": (("1.7×", "2.2×"), ("1.3×", "1.6×"))}


# Random weights in the shapes of well-known models: tokens of the prompt and of the answer.
SHAPES = {"1b": (256, 64), "3b": (256, 32), "8b": (128, 16)}
# Wanted ratios of prefill at 2 threads (must, aim): with vectors of 32 bytes, and with AVX-512 VNNI.
SHAPE_FORMS = {"Q4_K_M": (("2.2×", "3×"), ("3×", "5×")), "Q8_0": (("2×", "3×"), ("3×", "4×")),
               "Q4_0": (("2×", "3×"), ("3×", "4×"))}


def groups():
    made = [speed(form, threads) for threads in (2, 1) for form in WANTED]
    return [*made, depth(), batch(), openvino()]


def ours(programs, form, threads, *options):
    return programs.rows([programs.bench, "speed", programs.model(form), "--threads", str(threads), "--runs", "1",
                          "--clock", "processor" if threads == 1 else "wall", "--json", *options])


def median(rows, test):
    return next(row["median"] for row in rows if row["test"] == test)


def speed(form, threads):
    """Prefill of 512 tokens and decode of 128."""
    prefill, decode = WANTED[form] if threads == 2 else (("", ""), ("", ""))
    words = f"{form}, {threads} thread{'s' if threads > 1 else ' (CPU time)'}"
    figures = [
        Figure(f"prefill-{form}-{threads}", f"prefill 512, {words}", "tokens/s", *prefill, short="prefill"),
        Figure(f"decode-{form}-{threads}", f"decode 128, {words}", "tokens/s", *decode, short="decode"),
    ]

    def sample(programs, engine):
        sizes = programs.sizes
        if engine == "peer":
            rows = programs.rows(
                [programs.peer("llama-bench"), "-m", programs.model(form), "-t", str(threads), "-p", str(sizes.prompt),
                 "-n", str(sizes.decode), "-r", "1", "-o", "jsonl"], cpu_clock=threads == 1)
            rates = [next(row["avg_ts"] for row in rows if bool(row["n_prompt"]) == wanted) for wanted in (True, False)]
        else:
            rows = ours(programs, form, threads, "--prefill", str(sizes.prompt), "--depth", "0", "--generate",
                        str(sizes.decode), "--batch", "none")
            rates = [median(rows, "prefill"), median(rows, "decode")]
        return dict(zip([figure.name for figure in figures], rates))

    return Group(f"{form.lower()}-{threads}", f"prefill and decode of {words}", figures, sample)


def shape_groups(shapes):
    return [shape_speed(shape, form) for shape in shapes for form in SHAPE_FORMS]


def shape_speed(shape, form):
    """Prefill and decode, and their share of what loops on this machine reach in the same run."""
    prompt, answer = SHAPES[shape]
    words = f"{shape} shape, {form}, 2 threads"
    figures = [
        Figure(f"prefill-{shape}-{form}", f"prefill {prompt}, {words}", "tokens/s",
               *SHAPE_FORMS[form][Machine.has_wide_vectors()], short="prefill"),
        Figure(f"decode-{shape}-{form}", f"decode {answer}, {words}", "tokens/s", "1×", "1.05×", short="decode"),
    ]

    def sample(programs, engine):
        path, smoke = programs.shape(shape, form), programs.sizes.decode < 64
        lengths = (16, 2) if smoke else (prompt, answer)
        if engine == "peer":
            rows = programs.rows([programs.peer("llama-bench"), "-m", path, "-t", "2", "-p", str(lengths[0]),
                                  "-n", str(lengths[1]), "-r", "1", "-o", "jsonl"])
            rates = [next(row["avg_ts"] for row in rows if bool(row["n_prompt"]) == wanted) for wanted in (True, False)]
        else:
            rows = programs.rows(
                [programs.bench, "speed", path, "--threads", "2", "--runs", "1", "--json", "--prefill", str(lengths[0]),
                 "--depth", "0", "--generate", str(lengths[1]), "--batch", "none"])
            rates = [median(rows, "prefill"), median(rows, "decode")]
            for figure in figures:
                row = next(row for row in rows if row["test"] == figure.short)
                figure.limit.setdefault("of", row["limit"])
                figure.limit.setdefault("shares", []).append(row["limit_share"])
        return dict(zip([figure.name for figure in figures], rates))

    return Group(f"{shape}-{form.lower()}", f"prefill and decode of random weights, {words}", figures, sample)


def depth():
    def sample(programs, engine):
        sizes = programs.sizes
        if engine == "peer":
            rows = programs.rows(
                [programs.peer("llama-bench"), "-m", programs.model("Q4_1"), "-t", "2", "-p", "0", "-n", str(sizes.decode),
                 "-d", str(sizes.depth), "-r", "1", "-o", "jsonl"])
            return {"depth": rows[0]["avg_ts"]}
        rows = ours(programs, "Q4_1", 2, "--prefill", "none", "--batch", "none", "--depth", str(sizes.depth), "--generate",
                    str(sizes.decode))
        return {"depth": median(rows, "decode")}

    title = "decode 128 at depth 2048, Q4_1, 2 threads"
    return Group("depth", title, [Figure("depth", title, "tokens/s", "2.5×", "4.5×", short="decode")], sample)


def batch():
    def sample(programs, engine):
        sizes = programs.sizes
        if engine == "peer":
            rows = programs.rows(
                [programs.peer("llama-batched-bench"), "-m", programs.model("Q4_1"), "-t", "2", "-tb", "2", "-c", "8192",
                 "-npp", str(sizes.batch_prompt), "-ntg", str(sizes.batch_decode), "-npl", str(sizes.sequences),
                 "--output-format", "jsonl"])
            return {"batch": rows[-1]["speed_tg"]}
        rows = ours(programs, "Q4_1", 2, "--prefill", "none", "--depth", "none", "--batch", str(sizes.sequences),
                    "--batch-depth", str(sizes.batch_prompt), "--batch-generate", str(sizes.batch_decode))
        return {"batch": median(rows, "batch")}

    title = "16 sequences decoding together, Q4_1, 2 threads"
    return Group("batch", title, [Figure("batch", title, "tokens/s", "5×", "8×", short="decode")], sample)


def openvino():
    def sample(programs, engine):
        if engine == "peer":
            program = os.path.join(os.path.dirname(__file__), "openvino_prefill.py")
            rows = programs.rows([os.path.join(programs.folder, "openvino/bin/python"), program, programs.model("Q8_0"),
                                  str(programs.sizes.prompt)])
            return {"openvino": statistics.median(rows[0]["samples"])}
        rows = ours(programs, "Q8_0", 1, "--prefill", str(programs.sizes.prompt), "--depth", "none", "--batch", "none")
        return {"openvino": median(rows, "prefill")}

    title = "prefill 512, Q8_0, 1 thread (CPU time), against OpenVINO GenAI"
    figure = Figure("openvino", title, "tokens/s", "1.1×", "1.5×", short="prefill")
    return Group("openvino", title, [figure], sample, peer="OpenVINO GenAI")
