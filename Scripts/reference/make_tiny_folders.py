#!/usr/bin/env python3
"""Makes the tiny model folders in Tests/Fixtures/folders and the logits that transformers computes for them.

    make_tiny_folders.py [--out Tests/Fixtures/folders]

Each is written by transformers (`save_pretrained`), read back by it, and run in float32: the reference judges the files.
Folders named meta-* hold the weights of a Hugging Face folder in Meta's layout: rows of queries and keys in neighbouring
pairs, saved by torch, in one part or cut in two as model parallelism cuts them.
Needs: torch transformers safetensors numpy.
"""
import argparse
import json
import pathlib
import shutil

import numpy as np
import torch
import transformers

from make_tiny_models import interleaved, random_state

VOCABULARY = 320
LLAMA3 = {
    "rope_type": "llama3", "rope_theta": 10000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32}
YARN = {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0, "original_max_position_embeddings": 32}


def configuration(kind, **changes):
    values = dict(
        vocab_size=VOCABULARY, hidden_size=256, intermediate_size=288, num_hidden_layers=1, num_attention_heads=4,
        num_key_value_heads=2, head_dim=64, max_position_embeddings=256, rms_norm_eps=1e-5, attn_implementation="eager",
        tie_word_embeddings=True, rope_parameters={"rope_type": "default", "rope_theta": 10000.0})
    values.update(changes)
    return kind(**values)


def folders():
    t = transformers
    # bf16 halves what is committed; the reference reads the rounded weights back.
    yield "llama", t.LlamaForCausalLM, configuration(t.LlamaConfig, tie_word_embeddings=False), torch.bfloat16, None
    yield "llama31", t.LlamaForCausalLM, configuration(t.LlamaConfig, num_hidden_layers=2, rope_parameters=LLAMA3), torch.bfloat16, "300KB"
    yield "mistral", t.MistralForCausalLM, configuration(
        t.MistralConfig, head_dim=32, sliding_window=None), torch.float16, None
    yield "qwen2", t.Qwen2ForCausalLM, configuration(t.Qwen2Config, rope_parameters=YARN), torch.bfloat16, None
    yield "qwen3", t.Qwen3ForCausalLM, configuration(
        t.Qwen3Config, num_attention_heads=6, intermediate_size=96), torch.float32, None


def logits(folder, prompt):
    model = transformers.AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager").eval()
    with torch.no_grad():
        return model(torch.tensor([prompt])).logits[0].numpy().astype("<f4"), model


META_NAMES = {
    "input_layernorm": "attention_norm", "self_attn.q_proj": "attention.wq", "self_attn.k_proj": "attention.wk",
    "self_attn.v_proj": "attention.wv", "self_attn.o_proj": "attention.wo", "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "feed_forward.w1", "mlp.up_proj": "feed_forward.w3", "mlp.down_proj": "feed_forward.w2"}
# Along which axis Meta's layers are cut; norms are whole in every part.
META_AXES = {
    "wq": 0, "wk": 0, "wv": 0, "wo": 1, "w1": 0, "w2": 1, "w3": 0, "output": 0}


def meta_state(model, dtype):
    state = {}
    for name, value in model.state_dict().items():
        data = value.numpy()
        if name == "model.embed_tokens.weight":
            target = "tok_embeddings.weight"
        elif name == "model.norm.weight":
            target = "norm.weight"
        elif name == "lm_head.weight":
            target = "output.weight"
        else:
            _, _, layer, rest = name.split(".", 3)
            target = f"layers.{layer}.{META_NAMES[rest.removesuffix('.weight')]}.weight"
            if ".wq." in target:
                data = interleaved(data, model.config.num_attention_heads)
            if ".wk." in target:
                data = interleaved(data, model.config.num_key_value_heads)
        state[target] = torch.from_numpy(np.ascontiguousarray(data)).to(dtype)
    return state


def write_meta(folder, model, dtype, parts, embedding_axis, scaled):
    folder.mkdir(parents=True)
    config = model.config
    params = {
        "dim": config.hidden_size, "n_layers": config.num_hidden_layers, "n_heads": config.num_attention_heads,
        "n_kv_heads": config.num_key_value_heads, "vocab_size": VOCABULARY, "multiple_of": 32, "norm_eps": 1e-05,
        "rope_theta": config.rope_parameters["rope_theta"]}
    if scaled:
        params["use_scaled_rope"] = True
    (folder / "params.json").write_text(json.dumps(params))
    state = meta_state(model, dtype)
    for part in range(parts):
        mine = {}
        for name, value in state.items():
            kind = name.split(".")[-2]
            axis = embedding_axis if kind == "tok_embeddings" else META_AXES.get(kind)
            mine[name] = value if axis is None or parts == 1 else value.chunk(parts, axis)[part].clone()
        mine["rope.freqs"] = torch.arange(32, dtype=torch.float32)
        torch.save(mine, folder / f"consolidated.{part:02d}.pth")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default="Tests/Fixtures/folders", type=pathlib.Path)
    out = parser.parse_args().out
    # Not what make_tiny_families.py has put there.
    for name in [name for name, *_ in folders()] + ["meta-llama2", "meta-llama31"]:
        shutil.rmtree(out / name, ignore_errors=True)
    torch.set_num_threads(1)
    numbers = np.random.default_rng(11)
    manifest = []

    def record(name, model, prompt, rows):
        (out / f"{name}.logits.bin").write_bytes(rows.tobytes())
        manifest.append({"name": name, "prompt": prompt, "rows": len(rows), "largest": round(float(np.abs(rows).max()), 3)})
        print(name, sum(f.stat().st_size for f in (out / name).iterdir()), rows.shape, manifest[-1]["largest"])

    for seed, (name, kind, config, dtype, shard) in enumerate(folders()):
        model = kind(config).eval()
        model.load_state_dict(random_state(model, 200 + seed))
        model = model.to(dtype)
        folder = out / name
        model.save_pretrained(folder, **({"max_shard_size": shard} if shard else {}))
        (folder / "generation_config.json").unlink(missing_ok=True)
        prompt = [int(token) for token in numbers.integers(0, VOCABULARY, 48)]
        rows, model = logits(folder, prompt)
        record(name, model, prompt, rows[-24:])
        if name == "llama":
            write_meta(out / "meta-llama2", model, torch.bfloat16, 2, 1, False)
            record("meta-llama2", model, prompt, rows[-24:])

    # Llama 3.1 in Meta's layout: its scaling is of 8192 positions, which 48 tokens would not show; low frequencies do.
    config = configuration(
        transformers.LlamaConfig, tie_word_embeddings=False, max_position_embeddings=131072,
        rope_parameters=LLAMA3 | {"original_max_position_embeddings": 8192, "rope_theta": 500000.0})
    model = transformers.LlamaForCausalLM(config).eval()
    # Of the weights alone: the model's own table of frequencies must stay exact.
    model.load_state_dict({k: v.to(torch.bfloat16).float() for k, v in random_state(model, 300).items()})
    write_meta(out / "meta-llama31", model, torch.bfloat16, 1, 0, True)
    prompt = [int(token) for token in numbers.integers(0, VOCABULARY, 48)]
    with torch.no_grad():
        rows = model(torch.tensor([prompt])).logits[0].numpy().astype("<f4")
    record("meta-llama31", model, prompt, rows[-24:])
    (out / "manifest.json").write_text(json.dumps(manifest) + "\n")


if __name__ == "__main__":
    main()
