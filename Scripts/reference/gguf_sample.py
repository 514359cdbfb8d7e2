#!/usr/bin/env python3
"""Writes Tests/Fixtures/gguf/sample.gguf with the `gguf` package (0.19 was used): a value of every metadata type and a
tensor of four element types. Needs: pip install gguf numpy."""
import pathlib

import gguf
import numpy as np

path = pathlib.Path(__file__).parents[2] / "Tests/Fixtures/gguf/sample.gguf"
writer = gguf.GGUFWriter(path, "llama")
writer.add_uint8("example.uint8", 200)
writer.add_int8("example.int8", -100)
writer.add_uint16("example.uint16", 60000)
writer.add_int16("example.int16", -30000)
writer.add_uint32("example.uint32", 4_000_000_000)
writer.add_int32("example.int32", -2_000_000_000)
writer.add_uint64("example.uint64", 2**63)
writer.add_int64("example.int64", -(2**62))
writer.add_float32("example.float32", 0.5)
writer.add_float64("example.float64", 1e300)
writer.add_bool("example.bool", True)
writer.add_string("example.string", "Grüße, 世界")
writer.add_array("example.strings", ["<|im_start|>", "", "Ġthe"])
writer.add_array("example.ints", [3, -1, 2])
writer.add_array("example.floats", [0.25, -1.5])
values = (np.arange(128, dtype=np.float32) - 64).reshape(2, 64) / 8
writer.add_tensor("f32", values)
writer.add_tensor("f16", values.astype(np.float16))
for kind in (gguf.GGMLQuantizationType.Q8_0, gguf.GGMLQuantizationType.BF16):
    writer.add_tensor(kind.name.lower(), gguf.quants.quantize(values, kind), raw_dtype=kind)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
print(path, path.stat().st_size)
