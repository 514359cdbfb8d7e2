#!/usr/bin/env python3
"""Writes Tests/Fixtures/torch: a small file that torch saved, and archives like it whose pickle does more than rebuild tensors.

    hostile_pickles.py

Needs: torch.
"""
import io
import os
import pathlib
import pickle
import zipfile

import torch

OUT = pathlib.Path(__file__).resolve().parents[2] / "Tests/Fixtures/torch"


class Runs:
    def __reduce__(self):
        return os.system, ("touch /tmp/a-checkpoint-ran-this",)


def archive(name, pickled, storages=((b"\0" * 16,)), compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(OUT / name, "w", compression) as file:
        file.writestr("archive/data.pkl", pickled)
        file.writestr("archive/byteorder", "little")
        for index, data in enumerate(storages):
            file.writestr(f"archive/data/{index}", data)


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    values = torch.arange(6, dtype=torch.float32).reshape(2, 3)
    module = torch.nn.Linear(3, 2)
    with torch.no_grad():
        module.weight.copy_(values)
        module.bias.copy_(torch.tensor([0.5, -0.5]))
    state = module.state_dict()  # an OrderedDict with notes of its own
    state["parameter"] = torch.nn.Parameter(values.to(torch.bfloat16))
    state["part"] = values[1:]  # within a storage that it shares
    state["steps"] = torch.tensor([7])
    torch.save(state, OUT / "sample.pth")
    torch.save({"turned": values.t()}, OUT / "turned.pth")
    torch.save([values], OUT / "list.pth")
    torch.save({"w": values}, OUT / "old.pth", _use_new_zipfile_serialization=False)

    archive("system.pth", pickle.dumps({"w": Runs()}, protocol=2))
    archive("eval.pth", b"\x80\x02c__builtin__\neval\nX\x08\x00\x00\x00exit(42)\x85R.")
    deep = b"\x80\x02" + b")" + b"\x85" * 2_000 + b"."
    archive("deep.pth", deep)
    # Ten billion references in 100 bytes.
    archive("bomb.pth", b"\x80\x02)q\x00" + b"".join(
        b"(" + b"h" + bytes([i]) + (b"h" + bytes([i])) * 9 + b"tq" + bytes([i + 1]) for i in range(10)) + b".")
    archive("stack.pth", b"\x80\x02" + b"N" * 11_000 + b".")
    archive("packed.pth", b"\x80\x02}.", compression=zipfile.ZIP_DEFLATED)
    for path in sorted(OUT.iterdir()):
        print(path.name, path.stat().st_size)


if __name__ == "__main__":
    main()
