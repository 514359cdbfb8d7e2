#!/usr/bin/env python3
"""Writes Tests/Fixtures/kernels/<TYPE>.{blocks,values}: random blocks of every element type and their values by the
`gguf` package (0.19 was used), little-endian f32. Needs: pip install gguf numpy."""
import pathlib

import gguf
import numpy as np

TYPES = "F32 F16 BF16 Q4_0 Q4_1 Q5_0 Q5_1 Q8_0 Q2_K Q3_K Q4_K Q5_K Q6_K IQ4_NL IQ4_XS MXFP4".split()
# Where the f16 numbers of a block stand: they get sane values, all other bytes are random.
HALVES = {
    "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0],
    "Q2_K": [80, 82], "Q3_K": [108], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208], "IQ4_NL": [0], "IQ4_XS": [0],
}
folder = pathlib.Path(__file__).parents[2] / "Tests/Fixtures/kernels"
random = np.random.default_rng(20240701)
for name in TYPES:
    kind = gguf.GGMLQuantizationType[name]
    values, size = gguf.GGML_QUANT_SIZES[kind]
    if name in HALVES:
        blocks = random.integers(0, 256, (2 if values == 256 else 7, size), dtype=np.uint8)
        for at in HALVES[name]:
            halves = random.normal(0, 0.02, len(blocks)).astype(np.float16)
            halves[-1] = np.float16(3e-6)  # a subnormal
            blocks[:, at : at + 2] = halves.view(np.uint8).reshape(-1, 2)
    elif name == "MXFP4":
        blocks = random.integers(0, 256, (7, size), dtype=np.uint8)
        blocks[:, 0] = [0, 1, 2, 110, 120, 126, 130]  # exponents: subnormals too
    else:
        floats = random.normal(0, 1, (1, 67)).astype(np.float32)
        floats[0, :4] = [0, -0.0, 1e-6, -65504]
        dtype = {"F32": np.float32, "F16": np.float16}.get(name)
        raw = floats.astype(dtype) if dtype else (floats.view(np.uint32) >> 16).astype(np.uint16)
        blocks = raw.view(np.uint8)
    result = gguf.quants.dequantize(blocks, kind).astype("<f4")
    (folder / f"{name}.blocks").write_bytes(blocks.tobytes())
    (folder / f"{name}.values").write_bytes(result.tobytes())
    print(name, blocks.size, result.size)
