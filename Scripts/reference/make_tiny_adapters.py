#!/usr/bin/env python3
"""Makes the adapters in Tests/Fixtures/adapters and the logits that PEFT computes with them on the tiny checkpoints.

    make_tiny_adapters.py [--models Tests/Fixtures/models] [--out Tests/Fixtures/adapters] [NAME ...]

Each adapter is made and saved by PEFT with random weights of a fixed seed, large enough to change every logit; most are
rewritten in 16 bits. PEFT then loads the folder onto the checkpoint's dequantised weights and runs it in float32, over the
prompt that the checkpoint's own reference has.
Needs: torch transformers peft safetensors gguf numpy.
"""
import argparse
import json
import math
import pathlib
import shutil

import numpy as np
import peft
import safetensors.torch
import torch
import transformers

import make_tiny_families
from make_tiny_models import configuration, read_back

ALL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
BASES = {
    "llama": ("llama", transformers.LlamaForCausalLM, lambda: configuration(
        transformers.LlamaConfig, num_hidden_layers=2, intermediate_size=320, tie_word_embeddings=False)),
    "qwen3": ("qwen3", transformers.Qwen3ForCausalLM, lambda: configuration(
        transformers.Qwen3Config, num_hidden_layers=2, intermediate_size=320, num_attention_heads=6,
        tie_word_embeddings=False)),
    "qwen2": ("qwen2", transformers.Qwen2ForCausalLM, lambda: configuration(
        transformers.Qwen2Config, num_hidden_layers=2, intermediate_size=320, tie_word_embeddings=True)),
}
ADAPTERS = [
    ("llama-all", "llama", torch.float32, dict(r=8, lora_alpha=16, target_modules="all-linear")),
    ("llama-qv", "llama", torch.float16, dict(
        r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"], use_rslora=True)),
    ("llama-down", "llama", torch.float16, dict(
        r=5, lora_alpha=8, target_modules=["down_proj"], layers_to_transform=[1])),
    ("qwen3-patterns", "qwen3", torch.bfloat16, dict(
        r=8, lora_alpha=8, target_modules=ALL, rank_pattern={"^model.layers.1.self_attn.k_proj": 3, "down_proj": 17},
        alpha_pattern={"layers.0.mlp.up_proj": 20, "down_proj": 34})),
    ("llama-dora", "llama", torch.float16, dict(
        r=4, lora_alpha=8, target_modules=ALL + ["lm_head"], use_dora=True)),
    ("llama-head", "llama", torch.float16, dict(r=4, lora_alpha=8, target_modules=["v_proj", "lm_head"])),
    ("qwen2-dora-tied", "qwen2", torch.float16, dict(
        r=3, lora_alpha=4, target_modules=["q_proj", "k_proj", "v_proj", "down_proj", "lm_head"], use_dora=True,
        use_rslora=True)),
    ("qwen2-head-tied", "qwen2", torch.float16, dict(r=3, lora_alpha=6, target_modules=["lm_head"])),
    ("gemma3-all", "gemma3", torch.float16, dict(r=4, lora_alpha=8, target_modules="all-linear")),
    # Queries, keys and values are one product for PEFT, gate and up another.
    ("phi3-fused", "phi3", torch.float16, dict(
        r=4, lora_alpha=8, target_modules=["qkv_proj", "o_proj", "gate_up_proj", "down_proj"])),
    ("phi3-fused-dora", "phi3", torch.float16, dict(
        r=3, lora_alpha=6, target_modules=["qkv_proj", "gate_up_proj"], use_dora=True)),
    # Behind norms of their own, and scaled; the head's change is scaled as the head is.
    ("olmo2-dora", "olmo2", torch.float16, dict(r=3, lora_alpha=6, target_modules="all-linear", use_dora=True)),
    ("granite-head", "granite", torch.float16, dict(r=3, lora_alpha=6, target_modules=ALL + ["lm_head"])),
    ("gemma2-qv", "gemma2", torch.float16, dict(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj", "lm_head"])),
]


def base(name, models):
    if name not in BASES:
        family = next(family for family in make_tiny_families.families() if family.name == name)
        for key, value in family.gguf_changes.items():
            setattr(family.config, key, value)
        model = family.model(family.config).float().eval()
        model.load_state_dict(make_tiny_families.read_back(models / f"{name}.gguf", family, model))
        return model
    architecture, kind, config = BASES[name]
    model = kind(config()).eval()
    model.load_state_dict(read_back(models / f"{name}.gguf", model, architecture))
    return model


def randomise(model, seed):
    generator = torch.Generator().manual_seed(seed)
    for name, value in sorted(model.named_parameters()):
        if ".lora_" in name:
            noise = torch.randn(value.shape, generator=generator)
            if value.ndim == 1:  # magnitudes, which start as the norms of the base's rows
                value.data = value.data * (1 + 0.3 * noise)
            else:
                value.data = 0.7 * noise / math.sqrt(value.shape[1])


def save(model, folder, dtype):
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    (folder / "README.md").unlink()
    weights = folder / "adapter_model.safetensors"
    # Beside a change of the head PEFT saves the base's own embedding and head, which are left out.
    tensors = {name: value.to(dtype).contiguous() for name, value in safetensors.torch.load_file(weights).items()
               if "lora_" in name}
    safetensors.torch.save_file(tensors, weights, metadata={"format": "pt"})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default="Tests/Fixtures/models", type=pathlib.Path)
    parser.add_argument("--out", default="Tests/Fixtures/adapters", type=pathlib.Path)
    parser.add_argument("names", nargs="*", help="only these; the others stay as they are")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    prompts = {
        row["name"]: row for name in ("manifest.json", "families.json")
        for row in json.loads((arguments.models / name).read_text())}
    manifest = []
    if arguments.names:
        manifest = [row for row in json.loads((arguments.out / "manifest.json").read_text())
                    if row["name"] not in arguments.names]
    for seed, (name, base_name, dtype, settings) in enumerate(ADAPTERS):
        if arguments.names and name not in arguments.names:
            continue
        folder = arguments.out / name
        settings = peft.LoraConfig(task_type="CAUSAL_LM", lora_dropout=0.0, **settings)
        model = peft.get_peft_model(base(base_name, arguments.models), settings)
        randomise(model, seed)
        save(model, folder, dtype)

        plain = base(base_name, arguments.models)
        row = prompts[base_name]
        tokens = torch.tensor([row["prompt"]])
        with torch.no_grad():
            before = plain(tokens).logits[0].numpy()[row["first_row"]:]
            loaded = peft.PeftModel.from_pretrained(plain, folder, autocast_adapter_dtype=True).eval()
            after = loaded(tokens).logits[0].numpy().astype("<f4")[row["first_row"]:]
        (arguments.out / f"{name}.logits.bin").write_bytes(after.tobytes())
        change = float(np.abs(after - before).max())
        manifest.append({"name": name, "base": base_name, "change": round(change, 3)})
        print(name, (folder / "adapter_model.safetensors").stat().st_size, "largest change of a logit", round(change, 3))
    (arguments.out / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")


if __name__ == "__main__":
    main()
