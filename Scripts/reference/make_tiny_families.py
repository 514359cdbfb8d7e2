#!/usr/bin/env python3
"""Makes tiny checkpoints of the families that depart from llama, and the logits that transformers computes for them.

    make_tiny_families.py [--out Tests/Fixtures] [NAME ...]

They go to the folders `models` and `folders`, beside those of make_tiny_models.py and make_tiny_folders.py; each has a
`families.json` that lists them. Each family that departs from llama (windows, caps, norms elsewhere, scales, fused products, rotations of its own) is
there twice: as a folder that transformers has saved in bf16, and as a GGUF file in Q8_0 with the names, the metadata and
the conversions that llama.cpp's converter gives it (norms of Gemma with 1 added, rows of queries and keys permuted where
the architecture has neighbouring pairs, factors of rotary frequencies as tensors). Both are read back and judged by
transformers in float32 on the numbers that are in the files. Weights are random with a fixed seed.
Needs: torch transformers gguf numpy.
"""
import argparse
import copy
import json
import math
import pathlib
import shutil

import gguf
import numpy as np
import torch
import transformers
from gguf import GGMLQuantizationType as T

from make_tiny_models import interleaved, released

VOCABULARY = 320
PLAIN = {"rope_type": "default", "rope_theta": 10000.0}
# Beside those of llama: names in layers and in GGUF files.
PRE = {"input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm"}
PRE_AND_POST = {
    "input_layernorm": "attn_norm", "post_attention_layernorm": "post_attention_norm",
    "pre_feedforward_layernorm": "ffn_norm", "post_feedforward_layernorm": "post_ffw_norm"}
POST = {"post_attention_layernorm": "post_attention_norm", "post_feedforward_layernorm": "post_ffw_norm"}
PRODUCTS = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "self_attn.qkv_proj": "attn_qkv", "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down", "mlp.gate_up_proj": "ffn_up"}


class Family:
    """One case: a configuration of transformers, and what llama.cpp's converter makes of it."""

    def __init__(self, name, architecture, model, config, norms=PRE, norm_offset=0, permutes=False, prompt=190,
                 first_row=166, gguf_keys=(), tensors=(), gguf_changes=None, context_tokens=None):
        self.name, self.architecture, self.model, self.config = name, architecture, model, config
        self.norms, self.norm_offset, self.permutes = norms, norm_offset, permutes
        self.prompt, self.first_row = prompt, first_row
        # Metadata beyond what all have: (writer's method, value); tensors: (name, numbers).
        self.gguf_keys, self.tensors = gguf_keys, tensors
        # Positions that it is served with, where that makes a difference.
        self.context_tokens = context_tokens
        # What a GGUF file does not say, and counts as.
        self.gguf_changes = gguf_changes or {}


def configuration(kind, **changes):
    values = dict(
        vocab_size=VOCABULARY, hidden_size=96, intermediate_size=128, num_hidden_layers=3, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=256, rms_norm_eps=1e-5, attn_implementation="eager",
        bos_token_id=1, eos_token_id=2, pad_token_id=0)
    values.update(changes)
    return kind(**{key: value for key, value in values.items() if value is not ...})


def families():
    t = transformers
    yield Family(
        # Five layers with a window shorter than the prompt, one without, whose positions are stretched.
        "gemma3", "gemma3", t.Gemma3ForCausalLM, configuration(
            t.Gemma3TextConfig, num_hidden_layers=6, head_dim=32, sliding_window=40, query_pre_attn_scalar=48,
            rope_parameters={
                "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
                "full_attention": {"rope_type": "linear", "rope_theta": 1000000.0, "factor": 8.0}}),
        norms=PRE_AND_POST, norm_offset=1, gguf_keys=[
            ("add_key_length", 32), ("add_value_length", 32), ("add_rope_freq_base", 1000000.0),
            ("add_rope_scaling_type", gguf.RopeScalingType.LINEAR), ("add_rope_scaling_factor", 8.0),
            ("add_sliding_window", 40)],
        gguf_changes={"query_pre_attn_scalar": 32})


    yield Family(
        "phi3", "phi3", t.Phi3ForCausalLM, configuration(t.Phi3Config, sliding_window=40),
        gguf_keys=[("add_rope_dimension_count", 24), ("add_rope_freq_base", 10000.0), ("add_sliding_window", 40)])
    # Three quarters of a head are turned, each pair by a factor of its own; the tests serve it with more positions than
    # it was first trained for, and with fewer.
    short, long = [1 + 0.05 * i for i in range(9)], [1 + 0.9 * i for i in range(9)]
    for name, original, served in (("phi4-mini-long", 64, 800), ("phi4-mini-short", 200, 195)):
        yield Family(
            name, "phi3", t.Phi3ForCausalLM, configuration(
                t.Phi3Config, original_max_position_embeddings=original, tie_word_embeddings=True,
                max_position_embeddings=800, rope_parameters={
                    "rope_type": "longrope", "rope_theta": 10000.0, "partial_rotary_factor": 0.75,
                    "short_factor": short, "long_factor": long, "original_max_position_embeddings": original}),
            gguf_keys=[
                ("add_rope_dimension_count", 18), ("add_rope_freq_base", 10000.0),
                ("add_rope_scaling_orig_ctx_len", original),
                ("add_rope_scaling_attn_factors", math.sqrt(1 + math.log(800 / original) / math.log(original)))],
            tensors=[("rope_factors_long.weight", long), ("rope_factors_short.weight", short)],
            context_tokens=served)
    yield Family(
        "gemma2", "gemma2", t.Gemma2ForCausalLM, configuration(
            t.Gemma2Config, num_hidden_layers=4, head_dim=32, sliding_window=40, query_pre_attn_scalar=24,
            # Low, so that they matter.
            attn_logit_softcapping=5.0, final_logit_softcapping=12.0, rope_parameters=PLAIN),
        norms=PRE_AND_POST, norm_offset=1, gguf_keys=[
            ("add_key_length", 32), ("add_value_length", 32), ("add_sliding_window", 40),
            ("add_attn_logit_softcapping", 5.0), ("add_final_logit_softcapping", 12.0)],
        gguf_changes={"query_pre_attn_scalar": 32})
    yield Family(
        "granite", "granite", t.GraniteForCausalLM, configuration(
            t.GraniteConfig, embedding_multiplier=3.0, residual_multiplier=0.4, attention_multiplier=0.15,
            logits_scaling=0.5, tie_word_embeddings=True, rope_parameters=PLAIN),
        permutes=True, gguf_keys=[
            ("add_rope_dimension_count", 24), ("add_embedding_scale", 3.0), ("add_residual_scale", 0.4),
            ("add_attention_scale", 0.15), ("add_logit_scale", 0.5)])
    yield Family(
        "olmo2", "olmo2", t.Olmo2ForCausalLM, configuration(
            t.Olmo2Config, rope_parameters={"rope_type": "default", "rope_theta": 500000.0}),
        norms=POST, gguf_keys=[("add_rope_freq_base", 500000.0)])
    yield Family(
        "smollm3", "smollm3", t.SmolLM3ForCausalLM, configuration(
            t.SmolLM3Config, num_hidden_layers=5, rope_parameters={"rope_type": "default", "rope_theta": 2000000.0}),
        permutes=True, gguf_keys=[("add_rope_dimension_count", 24), ("add_rope_freq_base", 2000000.0)])
    yield Family(
        "ministral3", "mistral3", t.Ministral3ForCausalLM, configuration(
            t.Ministral3Config, head_dim=32, rope_parameters={
                "rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0, "original_max_position_embeddings": 64,
                "beta_fast": 32.0, "beta_slow": 1.0, "mscale": 1.0, "mscale_all_dim": 1.0,
                "llama_4_scaling_beta": 0.1}),
        permutes=True, gguf_keys=[
            ("add_key_length", 32), ("add_value_length", 32), ("add_rope_dimension_count", 32),
            ("add_rope_freq_base", 10000.0), ("add_rope_scaling_type", gguf.RopeScalingType.YARN),
            ("add_rope_scaling_factor", 4.0), ("add_rope_scaling_orig_ctx_len", 64),
            ("add_rope_scaling_yarn_beta_fast", 32.0), ("add_rope_scaling_yarn_beta_slow", 1.0),
            ("add_rope_scaling_yarn_log_mul", 1.0), ("add_attn_temperature_scale", 0.1)])
    yield Family(
        # Layers with a window and without, as a folder lists them; its files are llama's, which say no window.
        "ministral", None, t.MinistralForCausalLM, configuration(
            t.MinistralConfig, head_dim=32, sliding_window=40, rope_parameters=PLAIN,
            layer_types=["full_attention", "sliding_attention", "sliding_attention"]))


def random_state(model, seed, norm_offset):
    """Weights that keep activations near 1 and let attention and norms matter."""
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for name, value in sorted(model.state_dict().items()):
        noise = torch.randn(value.shape, generator=generator)
        if "norm" in name:
            state[name] = 1 - norm_offset + 0.2 * noise
        elif "embed_tokens" in name or "lm_head" in name:
            state[name] = 0.3 * noise
        else:
            gain = 1.7 if any(part in name for part in ("q_proj", "k_proj", "qkv_proj")) else 1.0
            state[name] = gain * noise / math.sqrt(value.shape[1])
    if model.config.tie_word_embeddings:
        state["lm_head.weight"] = state["model.embed_tokens.weight"]
    return state


def gguf_name(family, name):
    top = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight",
           "lm_head.weight": "output.weight"}
    if name in top:
        return top[name]
    _, _, layer, rest = name.split(".", 3)
    rest = rest.removesuffix(".weight")
    return f"blk.{layer}.{(family.norms | PRODUCTS)[rest]}.weight"


def heads_of(family, name):
    """Heads whose rows are permuted in the file; None where rows stay as they are."""
    if not family.permutes:
        return None
    if ".attn_q." in name:
        return family.config.num_attention_heads
    return family.config.num_key_value_heads if ".attn_k." in name else None


def head_dimension(config):
    return getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads


def write_gguf(path, family, state):
    config = family.config
    writer = gguf.GGUFWriter(path, family.architecture)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(VOCABULARY)
    writer.add_tokenizer_model("no_vocab")
    for method, value in family.gguf_keys:
        getattr(writer, method)(value)
    for name, numbers in family.tensors:
        writer.add_tensor(name, np.array(numbers, dtype=np.float32))
    for name, value in state.items():
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        target = gguf_name(family, name)
        data = value.float().numpy()
        if heads_of(family, target):
            data = interleaved(data, heads_of(family, target))
        if "norm" in target:
            data = data + family.norm_offset
        kind = T.F32 if data.ndim == 1 else T.Q8_0
        writer.add_tensor(target, gguf.quants.quantize(np.ascontiguousarray(data, dtype=np.float32), kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def read_back(path, family, model):
    """The file's weights, dequantised, in transformers' order."""
    tensors = {tensor.name: tensor for tensor in gguf.GGUFReader(path).tensors}
    state = {}
    for name, value in model.state_dict().items():
        target = gguf_name(family, name)
        tensor = tensors.get(target) or tensors["token_embd.weight"]
        data = gguf.quants.dequantize(tensor.data, tensor.tensor_type).reshape(value.shape)
        if heads_of(family, target):
            data = released(data, heads_of(family, target))
        if "norm" in target:
            data = data - family.norm_offset
        state[name] = torch.from_numpy(np.ascontiguousarray(data, dtype=np.float32))
    return state


def logits(model, prompt):
    with torch.no_grad():
        return model(torch.tensor([prompt])).logits[0].numpy().astype("<f4")


def entries(path):
    return {entry["name"]: entry for entry in json.loads(path.read_text())} if path.exists() else {}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default="Tests/Fixtures", type=pathlib.Path)
    parser.add_argument("names", nargs="*", help="only these; the others stay as they are")
    arguments = parser.parse_args()
    out = {place: arguments.out / place for place in ("models", "folders")}
    torch.set_num_threads(1)
    lists = {place: entries(path / "families.json") for place, path in out.items()}

    def record(place, kind, family, prompt, rows):
        rows = rows[family.first_row:]
        (out[place] / f"{family.name}.logits.bin").write_bytes(rows.tobytes())
        lists[place][family.name] = {
            "name": family.name, "architecture": family.architecture, "type": kind, "prompt": prompt,
            "first_row": family.first_row, "rows": len(rows), "largest": round(float(np.abs(rows).max()), 3)}
        if family.context_tokens:
            lists[place][family.name]["context_tokens"] = family.context_tokens
        print(place, family.name, rows.shape, "largest logit", lists[place][family.name]["largest"])

    for seed, family in enumerate(families()):
        if arguments.names and family.name not in arguments.names:
            continue
        numbers = np.random.default_rng(40 + seed)
        prompt = [int(token) for token in numbers.integers(3, VOCABULARY, family.prompt)]
        model = family.model(family.config).eval()
        state = random_state(model, 400 + seed, family.norm_offset)

        folder = out["folders"] / family.name
        shutil.rmtree(folder, ignore_errors=True)
        model.load_state_dict(state)
        model.to(torch.bfloat16).save_pretrained(folder)
        (folder / "generation_config.json").unlink(missing_ok=True)
        judge = transformers.AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.float32, attn_implementation="eager").eval()
        record("folders", "BF16", family, prompt, logits(judge, prompt))

        if family.architecture is None:
            continue
        path = out["models"] / f"{family.name}.gguf"
        write_gguf(path, family, state)
        config = copy.deepcopy(family.config)
        for key, value in family.gguf_changes.items():
            setattr(config, key, value)
        judge = family.model(config).float().eval()
        judge.load_state_dict(read_back(path, family, judge))
        record("models", "Q8_0", family, prompt, logits(judge, prompt))
    for place, path in out.items():
        (path / "families.json").write_text(json.dumps([lists[place][name] for name in sorted(lists[place])]) + "\n")


if __name__ == "__main__":
    main()
