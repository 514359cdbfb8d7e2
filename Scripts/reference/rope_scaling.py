#!/usr/bin/env python3
"""Writes Tests/Fixtures/gguf/rope.json: the rotary frequencies and the magnitude that llama.cpp computes from metadata.

A transcription of llama.cpp's arithmetic in float64, from llama-model.cpp (load_hparams), llama-context.cpp (the
constructor) and ggml-cpu/ops.cpp (rope_yarn, ggml_rope_yarn_corr_dims). Keys stand without their architecture.
Needs nothing."""
import json
import math
import pathlib

DIMENSION, CONTEXT, BASE = 64, 4096, 10_000.0


def read(keys):
    """Radians for each pair at position 1, and what cosines and sines are multiplied with."""
    kind = keys.get("rope.scaling.type", "linear")
    stated = keys.get("rope.scaling.factor", keys.get("rope.scale_linear", 0.0))
    scale = 1.0 if stated == 0 or kind == "none" else 1 / stated
    original = keys.get("rope.scaling.original_context_length", 0) or CONTEXT
    extension = keys.get("rope.scaling.yarn_ext_factor", -1.0)
    if extension < 0:
        extension = 1.0 if kind == "yarn" else 0.0
    fast, slow = keys.get("rope.scaling.yarn_beta_fast", 32.0), keys.get("rope.scaling.yarn_beta_slow", 1.0)
    attention = 1.0
    if extension != 0:
        factor = 1 / scale
        attention = 1.0 if factor <= 1 else 0.1 * math.log(factor) + 1
        attention *= 1 / (1 + 0.1 * math.log(factor))
    attention *= keys.get("rope.scaling.attn_factor", 1.0)

    def pair(turns):
        return DIMENSION * math.log(original / (turns * 2 * math.pi)) / (2 * math.log(BASE))

    low, high = max(0, math.floor(pair(fast))), min(DIMENSION - 1, math.ceil(pair(slow)))
    frequencies = []
    for index in range(DIMENSION // 2):
        extrapolated = BASE ** (-2 * index / DIMENSION)
        theta = scale * extrapolated
        if extension != 0:
            mix = (1 - min(1, max(0, (index - low) / max(0.001, high - low)))) * extension
            theta = theta * (1 - mix) + extrapolated * mix
        frequencies.append(theta)
    if extension != 0:
        attention *= 1 + 0.1 * math.log(1 / scale)
    return frequencies, attention


YARN = {"rope.scaling.type": "yarn", "rope.scaling.factor": 4.0, "rope.scaling.original_context_length": 1024}
CASES = [
    {},
    {"rope.scaling.factor": 4.0},
    {"rope.scale_linear": 2.0},
    {"rope.scale_linear": 2.0, "rope.scaling.factor": 8.0},
    {"rope.scaling.type": "linear", "rope.scale_linear": 2.0},
    {"rope.scaling.type": "linear", "rope.scaling.factor": 0.0},
    {"rope.scaling.type": "linear", "rope.scaling.factor": 4.0, "rope.scaling.attn_factor": 1.5},
    {"rope.scaling.type": "none", "rope.scaling.factor": 4.0},
    {"rope.scaling.type": "none", "rope.scaling.attn_factor": 0.5},
    {"rope.scaling.attn_factor": 1.25},
    YARN,
    YARN | {"rope.scaling.attn_factor": 1.0},
    YARN | {"rope.scaling.attn_factor": 0.8782488},
    YARN | {"rope.scaling.attn_factor": 2.0},
    YARN | {"rope.scaling.factor": 1.0},
    YARN | {"rope.scaling.factor": 0.5},
    YARN | {"rope.scaling.yarn_ext_factor": 0.0},
    YARN | {"rope.scaling.yarn_ext_factor": 0.5},
    YARN | {"rope.scaling.yarn_ext_factor": 0.0, "rope.scaling.attn_factor": 1.5},
    YARN | {"rope.scaling.yarn_ext_factor": -1.0},
    YARN | {"rope.scaling.yarn_beta_fast": 64.0, "rope.scaling.yarn_beta_slow": 2.0},
    {"rope.scaling.type": "yarn", "rope.scaling.factor": 2.0},
    {"rope.scaling.type": "yarn", "rope.scale_linear": 2.0},
    {"rope.scaling.type": "yarn"},
    {"rope.scaling.type": "linear", "rope.scaling.factor": 4.0, "rope.scaling.yarn_ext_factor": 1.0},
]
cases = []
for keys in CASES:
    frequencies, magnitude = read(keys)
    cases.append({"keys": keys, "magnitude": magnitude, "frequencies": frequencies})
path = pathlib.Path(__file__).parents[2] / "Tests/Fixtures/gguf/rope.json"
about = {"dimension": DIMENSION, "context": CONTEXT, "base": BASE}
path.write_text(json.dumps(about | {"cases": cases}) + "\n")
print(path, path.stat().st_size)
