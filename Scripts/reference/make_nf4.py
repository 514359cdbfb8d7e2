#!/usr/bin/env python3
"""Writes Tests/Fixtures/kernels/NF4.*: a matrix as bitsandbytes quantises it to NF4 with double quantisation.

Wants torch and bitsandbytes 0.50.2, both for the CPU. `--table` prints the code book of the scales for nf4.c instead.
The matrix [72, 480] has 540 blocks of 64, which straddle rows, in three groups of 256; one block is zero.
    NF4.values    f16[72][480], the weights
    NF4.blocks    codes u8[17280], scales u8[540], scales of the groups f32[3], offset f32, values f32[72][480]
"""

import pathlib
import sys

import bitsandbytes.functional as functional
import torch

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "Tests/Fixtures/kernels"


def table() -> None:
    book = functional.create_dynamic_map().tolist()
    assert len(book) == 256 and book[127] == 0 and book[255] == 1
    assert all(book[126 - i] == -book[128 + i] for i in range(127))
    for first in range(128, 255, 6):
        print("    " + " ".join(f"{value:.9g}f," for value in book[first : min(first + 6, 255)]))


def main() -> None:
    generator = torch.Generator().manual_seed(14)
    weights = (torch.randn(72, 480, generator=generator) * torch.rand(72, 1, generator=generator) * 0.1).half().float()
    weights.view(-1)[320:384] = 0
    # As one row: on a CPU, bitsandbytes 0.50.2 undoes rows that are not a multiple of 64 wrongly.
    codes, state = functional.quantize_4bit(weights.view(1, -1), compress_statistics=True, quant_type="nf4")
    # As QuantState is undone, without the kernels that may fuse its steps.
    absmax = state.state2.code[state.absmax.long()] * state.state2.absmax.repeat_interleave(256)[: state.absmax.numel()]
    absmax = absmax + state.offset
    nibbles = torch.stack([codes.view(-1) >> 4, codes.view(-1) & 15], 1).view(-1).long()
    values = state.code[nibbles].view(-1, 64) * absmax.view(-1, 1)
    undone = functional.dequantize_4bit(codes, state)
    assert torch.equal(values.view(1, -1), functional.dequantize_4bit(codes, state))
    parts = [codes.view(-1), state.absmax, state.state2.absmax, state.offset.view(1), values.view(-1)]
    (FIXTURES / "NF4.values").write_bytes(weights.half().numpy().astype("<f2").tobytes())
    (FIXTURES / "NF4.blocks").write_bytes(
        b"".join(part.numpy().astype(part.numpy().dtype.newbyteorder("<")).tobytes() for part in parts))


if __name__ == "__main__":
    table() if sys.argv[1:] == ["--table"] else main()
