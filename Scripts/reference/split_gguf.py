#!/usr/bin/env python3
"""Cuts Tests/Fixtures/models/type-Q2_K.gguf into the parts of Tests/Fixtures/gguf/split, with the `gguf` package's own
writer (0.19 was used), as llama.cpp's llama-gguf-split names and marks them. Needs: pip install gguf numpy."""
import pathlib

import gguf

fixtures = pathlib.Path(__file__).parents[2] / "Tests/Fixtures"
folder = fixtures / "gguf/split"
folder.mkdir(exist_ok=True)
reader = gguf.GGUFReader(fixtures / "models/type-Q2_K.gguf")
writer = gguf.GGUFWriter(folder / "tiny.gguf", "llama", split_max_tensors=5)
for field in reader.fields.values():
    if field.name.startswith("GGUF.") or field.name == "general.architecture":
        continue
    kind = field.types[0]
    part = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
    writer.add_key_value(field.name, field.contents(), kind, part)
for tensor in reader.tensors:
    writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
writer.write_header_to_file(folder / "tiny.gguf")
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
for file in sorted(folder.iterdir()):
    print(file, file.stat().st_size)
