"""Rows that measure an engine alone: no server, no sampling, random tokens."""

import os
import statistics

from .figures import Figure, Group

# The types in which llama.cpp is asked beside each of ours, with as many bits a weight: its fastest counts.
PEER_FORMS = {"Q4_1": ("Q4_1", "Q4_0"), "Q4_0": ("Q4_0", "Q4_1"), "Q4_K_M": ("Q4_K_M", "Q4_0"), "Q8_0": ("Q8_0",), "F16": ("F16",)}
PEER_FORMS_SHAPES = {**PEER_FORMS, "Q4_0": ("Q4_0", "Q4_K_M")}

# Wanted ratios at 2 threads, (must, aim), by the instructions of this machine.
PREFILL = {"avx512": {"Q4_1": ("4×", "5×"), "Q4_0": ("4×", "5×"), "Q8_0": ("4.4×", "5×"), "F16": ("2.5×", "3×")},
           "avx2": {"Q4_1": ("2.5×", "3.5×"), "Q4_0": ("2.5×", "3.5×"), "Q8_0": ("2×", "3×"), "F16": ("1.2×", "1.5×")}}
PREFILL_SHAPES = {"avx512": {"Q4_K_M": ("3×", "5×"), "Q8_0": ("3×", "4×"), "Q4_0": ("3×", "4×")},
                  "avx2": {"Q4_K_M": ("2.2×", "3×"), "Q8_0": ("2×", "3×"), "Q4_0": ("2×", "3×")}}
DECODE = {"avx512": {"Q4_1": ("2×", "3×"), "Q4_0": ("1×", "1.05×"), "Q8_0": ("1.5×", "2×"), "F16": ("1.3×", "1.6×")},
          "avx2": dict.fromkeys(PEER_FORMS, ("1×", "1.05×"))}
TOGETHER = {"avx512": {"135m": ("5×", "7×"), "1b": ("4×", "6×")}, "avx2": {"135m": ("4×", "6×"), "1b": ("3×", "4×")}}
DEEP = {"avx512": {"bf16": ("0.55×", "0.7×"), "int8": ("0.65×", "0.8×")},
        "avx2": {"bf16": ("0.5×", "0.65×"), "int8": ("0.6×", "0.75×")}}

# Nothing was asked of these with AVX2 alone.
DEPTH_2048 = {"avx512": ("2.5×", "4.5×"), "avx2": ("", "")}
BATCH = {"avx512": ("5×", "8×"), "avx2": ("", "")}

# Random weights in the shapes of well-known models: tokens of the prompt and of the answer.
SHAPES = {"1b": (256, 64), "3b": (256, 32), "8b": (128, 16)}
SHAPE_FORMS = ("Q4_K_M", "Q8_0", "Q4_0")
DEPTH = 8192


def groups(instructions):
    made = [speed(form, 2, instructions) for form in ("Q4_1", "Q4_0", "Q8_0", "F16")]
    made += [speed(form, 1, instructions) for form in ("Q4_1", "Q8_0", "F16")]
    return [*made, depth(instructions), batch(instructions), together("135m", "Q4_1", 16, instructions), openvino()]


def shape_groups(shapes, instructions):
    made = [shape_speed(shape, form, instructions) for shape in shapes for form in SHAPE_FORMS]
    if "1b" in shapes:
        made += [together("1b", "Q4_K_M", 8, instructions)]
        made += [deep("1b", "Q4_K_M", precision, instructions) for precision in DEEP[instructions]]
    return made


def ours(programs, path, threads, *options):
    return programs.rows([programs.bench, "speed", path, "--threads", str(threads), "--runs", "1", "--clock",
                          "processor" if threads == 1 else "wall", "--json", *options])


def median(rows, test):
    return next(row["median"] for row in rows if row["test"] == test)


def beside(programs, engine, figures, form, peer_forms, path_of, threads, lengths):
    """One sample of prefill and decode. The peer's is that of its fastest file, and the one of the same file stands beside it."""
    prompt, answer = map(str, lengths)
    if engine == "ours":
        rows = ours(programs, path_of(form), threads, "--prefill", prompt, "--depth", "0", "--generate", answer, "--batch", "none")
        for figure in figures:
            row = next(row for row in rows if row["test"] == figure.short)
            if "limit" in row:
                figure.limit.setdefault("of", row["limit"])
                figure.limit.setdefault("shares", []).append(row["limit_share"])
        return {figure.name: median(rows, figure.short) for figure in figures}
    rates = {}
    for each in peer_forms:
        rows = programs.rows([programs.peer("llama-bench"), "-m", path_of(each), "-t", str(threads), "-p", prompt, "-n", answer,
                              "-r", "1", "-o", "jsonl"], cpu_clock=threads == 1)
        rates[each] = [next(row["avg_ts"] for row in rows if bool(row["n_prompt"]) == wanted) for wanted in (True, False)]
    if len(peer_forms) > 1:
        for place, figure in enumerate(figures):
            figure.same_file.append(rates[form][place])
    return {figure.name: max(each[place] for each in rates.values()) for place, figure in enumerate(figures)}


def speed(form, threads, instructions):
    """Prefill of 512 tokens and decode of 128."""
    two = threads == 2
    prefill, decode = (PREFILL[instructions][form], DECODE[instructions][form]) if two else (("", ""), ("", ""))
    words = f"{form}, {threads} thread{'s' if two else ' (CPU time)'}"
    figures = [
        Figure(f"prefill-{form}-{threads}", f"prefill 512, {words}", "tokens/s", *prefill, short="prefill"),
        Figure(f"decode-{form}-{threads}", f"decode 128, {words}", "tokens/s", *decode, short="decode"),
    ]

    def sample(programs, engine):
        lengths = (programs.sizes.prompt, programs.sizes.decode)
        return beside(programs, engine, figures, form, PEER_FORMS[form] if two else (form,), programs.model, threads, lengths)

    return Group(f"{form.lower()}-{threads}", f"prefill and decode of {words}", figures, sample)


def shape_speed(shape, form, instructions):
    """Prefill and decode, and their share of what loops on this machine reach in the same run."""
    prompt, answer = SHAPES[shape]
    words = f"{shape} shape, {form}, 2 threads"
    figures = [
        Figure(f"prefill-{shape}-{form}", f"prefill {prompt}, {words}", "tokens/s", *PREFILL_SHAPES[instructions][form],
               short="prefill"),
        Figure(f"decode-{shape}-{form}", f"decode {answer}, {words}", "tokens/s", "1×", "1.05×", short="decode"),
    ]

    def sample(programs, engine):
        lengths = (16, 2) if programs.sizes.is_smoke() else (prompt, answer)
        return beside(programs, engine, figures, form, PEER_FORMS_SHAPES[form], lambda each: programs.shape(shape, each), 2, lengths)

    return Group(f"{shape}-{form.lower()}", f"prefill and decode of random weights, {words}", figures, sample)


def file_of(programs, shape, form):
    return programs.model(form) if shape == "135m" else programs.shape(shape, form)


def together(shape, form, count, instructions):
    """What several answers gain over one, both ours."""
    title = f"{count} answers together over one alone, {shape} shape, {form}, 2 threads"

    def sample(programs, engine):
        sequences = count if engine == "ours" else 1
        rows = ours(programs, file_of(programs, shape, form), 2, "--prefill", "none", "--depth", "none", "--batch", str(sequences),
                    "--batch-depth", str(programs.sizes.batch_prompt), "--batch-generate", str(programs.sizes.batch_decode))
        return {figure.name: median(rows, "batch")}

    figure = Figure(f"together-{shape}", title, "tokens/s", *TOGETHER[instructions][shape], short="decode")
    return Group(f"together-{shape}", title, [figure], sample, peer="one answer alone", ours_alone=True)


def deep(shape, form, precision, instructions):
    """What a long context costs, both ours."""
    title = f"decode at depth {DEPTH} over depth 0, {shape} shape, {form}, keys and values in {precision}, 2 threads"

    def sample(programs, engine):
        at = "0" if engine == "peer" else "128" if programs.sizes.is_smoke() else str(DEPTH)
        rows = ours(programs, file_of(programs, shape, form), 2, "--prefill", "none", "--batch", "none", "--depth", at, "--generate",
                    "16", "--cache-precision", precision)
        return {figure.name: median(rows, "decode")}

    figure = Figure(f"deep-{shape}-{precision}", title, "tokens/s", *DEEP[instructions][precision], short="decode")
    return Group(f"{shape}-deep-{precision}", title, [figure], sample, peer="the same at depth 0", ours_alone=True)


def depth(instructions):
    def sample(programs, engine):
        sizes = programs.sizes
        if engine == "peer":
            rows = programs.rows(
                [programs.peer("llama-bench"), "-m", programs.model("Q4_1"), "-t", "2", "-p", "0", "-n", str(sizes.decode),
                 "-d", str(sizes.depth), "-r", "1", "-o", "jsonl"])
            return {"depth": rows[0]["avg_ts"]}
        rows = ours(programs, programs.model("Q4_1"), 2, "--prefill", "none", "--batch", "none", "--depth", str(sizes.depth),
                    "--generate", str(sizes.decode))
        return {"depth": median(rows, "decode")}

    title = "decode 128 at depth 2048, Q4_1, 2 threads"
    return Group("depth", title, [Figure("depth", title, "tokens/s", *DEPTH_2048[instructions], short="decode")], sample)


def batch(instructions):
    def sample(programs, engine):
        sizes = programs.sizes
        if engine == "peer":
            rows = programs.rows(
                [programs.peer("llama-batched-bench"), "-m", programs.model("Q4_1"), "-t", "2", "-tb", "2", "-c", "8192",
                 "-npp", str(sizes.batch_prompt), "-ntg", str(sizes.batch_decode), "-npl", str(sizes.sequences),
                 "--output-format", "jsonl"])
            return {"batch": rows[-1]["speed_tg"]}
        rows = ours(programs, programs.model("Q4_1"), 2, "--prefill", "none", "--depth", "none", "--batch", str(sizes.sequences),
                    "--batch-depth", str(sizes.batch_prompt), "--batch-generate", str(sizes.batch_decode))
        return {"batch": median(rows, "batch")}

    title = "16 sequences decoding together, Q4_1, 2 threads"
    return Group("batch", title, [Figure("batch", title, "tokens/s", *BATCH[instructions], short="decode")], sample)


def openvino():
    def sample(programs, engine):
        if engine == "peer":
            program = os.path.join(os.path.dirname(__file__), "openvino_prefill.py")
            rows = programs.rows([os.path.join(programs.folder, "openvino/bin/python"), program, programs.model("Q8_0"),
                                  str(programs.sizes.prompt)])
            return {"openvino": statistics.median(rows[0]["samples"])}
        rows = ours(programs, programs.model("Q8_0"), 1, "--prefill", str(programs.sizes.prompt), "--depth", "none", "--batch",
                    "none")
        return {"openvino": median(rows, "prefill")}

    title = "prefill 512, Q8_0, 1 thread (CPU time), against OpenVINO GenAI"
    figure = Figure("openvino", title, "tokens/s", "1.1×", "1.5×", short="prefill")
    return Group("openvino", title, [figure], sample, peer="OpenVINO GenAI")
