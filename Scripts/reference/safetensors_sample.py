#!/usr/bin/env python3
"""Writes Tests/Fixtures/safetensors/sample.safetensors with the `safetensors` package (0.8 was used): tensors of every
element type that weights have, a single value, an empty tensor and notes. Needs: pip install safetensors torch."""
import pathlib

import torch
from safetensors.torch import save_file

path = pathlib.Path(__file__).parents[2] / "Tests/Fixtures/safetensors/sample.safetensors"
values = ((torch.arange(128, dtype=torch.float32) - 64) / 8).reshape(2, 64)
tensors = {
    "f32": values,
    "f16": values.to(torch.float16),
    "bf16": values.to(torch.bfloat16),
    "f64": values[:1, :2].to(torch.float64),
    "i64": torch.tensor([1, -2, 3]),
    "flag": torch.tensor([True, False, True]),
    "scalar": torch.tensor(0.5),
    "empty": torch.zeros(0, 4),
    "Grüße \"世界\"": torch.tensor([[[7.0]]]),
}
save_file(tensors, path, metadata={"format": "pt", "note": "line\nbreak"})
print(path, path.stat().st_size)
