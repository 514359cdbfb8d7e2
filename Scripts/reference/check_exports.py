#!/usr/bin/env python3
"""Has other programs read what `llama-stack-bench adapter export` writes.

    check_exports.py --bench .build/release/llama-stack-bench

Each adapter of Tests/Fixtures/adapters is merged in F32: the GGUF file's tensors are read with the gguf package, the folder
is loaded by transformers, and both give the logits that PEFT gave.
Needs: torch transformers safetensors gguf numpy.
"""
import argparse
import json
import pathlib
import subprocess
import tempfile

import gguf
import numpy as np
import torch
import transformers

from make_tiny_adapters import BASES
from make_tiny_models import read_back

tests = pathlib.Path(__file__).parents[2] / "Tests/Fixtures"


def export(bench, folder, form, base, out, kind="F32"):
    subprocess.run([bench, "adapter", "export", folder, "--to", form, "--type", kind, "--base", base, "--output", out],
                   check=True, stdout=subprocess.DEVNULL)
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    prompts = {row["name"]: row for row in json.loads((tests / "models/manifest.json").read_text())}
    for row in json.loads((tests / "adapters/manifest.json").read_text()):
        name, base = row["name"], tests / f"models/{row['base']}.gguf"
        prompt = prompts[row["base"]]
        wanted = np.fromfile(tests / f"adapters/{name}.logits.bin", "<f4").reshape(prompt["rows"], -1)

        def difference(model):
            with torch.no_grad():
                logits = model(torch.tensor([prompt["prompt"]])).logits[0].numpy()[prompt["first_row"]:]
            return float(np.abs(logits - wanted).max())

        with tempfile.TemporaryDirectory() as scratch:
            folder = tests / "adapters" / name
            form = export(arguments.bench, folder, "safetensors", base, f"{scratch}/folder")
            loaded = transformers.AutoModelForCausalLM.from_pretrained(
                form, dtype=torch.float32, attn_implementation="eager").eval()
            by_transformers = difference(loaded)

            file = export(arguments.bench, folder, "gguf", base, f"{scratch}/model.gguf")
            architecture, kind, config = BASES[row["base"]]
            config = config()
            names = {tensor.name for tensor in gguf.GGUFReader(file).tensors}
            config.tie_word_embeddings = "output.weight" not in names
            model = kind(config).eval()
            model.load_state_dict(read_back(file, model, architecture))
            by_gguf = difference(model)
            for type_name in ["F16", "BF16", "Q8_0", "Q4_0", "Q4_1"]:
                # The merged values as the gguf package quantises them are the bytes of the file.
                other = export(arguments.bench, folder, "gguf", base, f"{scratch}/{type_name}.gguf", type_name)
                whole = {tensor.name: tensor for tensor in gguf.GGUFReader(file).tensors}
                for tensor in gguf.GGUFReader(other).tensors:
                    if len(tensor.shape) < 2:
                        continue
                    values = np.ascontiguousarray(whole[tensor.name].data).astype(np.float32)
                    packed = gguf.quants.quantize(values, tensor.tensor_type)
                    assert tensor.tensor_type.name == type_name, (tensor.name, tensor.tensor_type)
                    assert packed.tobytes() == np.ascontiguousarray(tensor.data).tobytes(), (name, type_name, tensor.name)
        print(f"{name}: largest difference of a logit: transformers {by_transformers:.1e}, gguf {by_gguf:.1e}")
        assert max(by_transformers, by_gguf) < 1e-3
    print("all agree")


if __name__ == "__main__":
    main()
