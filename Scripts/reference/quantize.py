#!/usr/bin/env python3
"""Writes Tests/Fixtures/kernels/quantize.values, rows of f32, and quantize.<TYPE>: the same as the `gguf` package (0.19
was used) quantises them, which rounds as llama.cpp's quantize_row_*_ref. Needs: pip install gguf numpy."""
import pathlib

import gguf
import numpy as np

folder = pathlib.Path(__file__).parents[2] / "Tests/Fixtures/kernels"
random = np.random.default_rng(20261129)
blocks = random.normal(0, 0.05, (40, 32)).astype(np.float32)
blocks[0] = 0
blocks[1] = 0.25  # one value alone
blocks[2] = np.arange(32) - 16  # ties of Q4: the largest is negative
blocks[3] = 15.5 - np.arange(32)  # two largest, of which the first counts
blocks[4] = np.arange(32) * 0.5  # halves between the steps of Q4_1
blocks[5] = np.arange(32) - 15.5
blocks[5, 0] = 127  # halves between the steps of Q8_0
blocks[6] *= 1e-6  # a scale below f16's normal numbers
blocks[7] *= 1e-12  # a scale that f16 has no number for
blocks[8] *= 1e5
blocks[9] = np.abs(blocks[9]) + 3  # all of one sign
blocks[10] = -np.abs(blocks[10])
blocks[11] = 0
blocks[11, 31] = -1
(folder / "quantize.values").write_bytes(blocks.astype("<f4").tobytes())
for name in ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1"]:
    packed = gguf.quants.quantize(blocks.reshape(8, -1), gguf.GGMLQuantizationType[name])
    (folder / f"quantize.{name}").write_bytes(packed.tobytes())
    print(name, packed.nbytes)
