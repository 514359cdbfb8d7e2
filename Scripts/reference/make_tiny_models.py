#!/usr/bin/env python3
"""Makes the tiny checkpoints in Tests/Fixtures/models and the logits that transformers computes for them.

    make_tiny_models.py --quantize PATH/llama-quantize [--out Tests/Fixtures/models]

Weights are random with a fixed seed. Each file is written with the gguf package (K-quants by llama.cpp's llama-quantize),
read back, dequantised, and run in transformers in float32: the reference judges the numbers that are in the file.
Needs: torch transformers gguf numpy.
"""
import argparse
import json
import math
import pathlib
import subprocess
import tempfile

import gguf
import numpy as np
import torch
import transformers
from gguf import GGMLQuantizationType as T

VOCABULARY = 320
LAYER_NAMES = {
    "input_layernorm.weight": "attn_norm.weight",
    "self_attn.q_proj.weight": "attn_q.weight",
    "self_attn.k_proj.weight": "attn_k.weight",
    "self_attn.v_proj.weight": "attn_v.weight",
    "self_attn.q_proj.bias": "attn_q.bias",
    "self_attn.k_proj.bias": "attn_k.bias",
    "self_attn.v_proj.bias": "attn_v.bias",
    "self_attn.q_norm.weight": "attn_q_norm.weight",
    "self_attn.k_norm.weight": "attn_k_norm.weight",
    "self_attn.o_proj.weight": "attn_output.weight",
    "post_attention_layernorm.weight": "ffn_norm.weight",
    "mlp.gate_proj.weight": "ffn_gate.weight",
    "mlp.up_proj.weight": "ffn_up.weight",
    "mlp.down_proj.weight": "ffn_down.weight",
}
TOP_NAMES = {
    "model.embed_tokens.weight": "token_embd.weight",
    "model.norm.weight": "output_norm.weight",
    "lm_head.weight": "output.weight",
}


def gguf_name(name):
    if name in TOP_NAMES:
        return TOP_NAMES[name]
    _, _, layer, rest = name.split(".", 3)
    return f"blk.{layer}.{LAYER_NAMES[rest]}"


def interleaved(weight, heads):
    """Rows of each head from (first halves, second halves) to neighbouring pairs."""
    rows = weight.shape[0]
    return weight.reshape(heads, 2, rows // heads // 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def released(weight, heads):
    """The inverse of `interleaved`."""
    rows = weight.shape[0]
    return weight.reshape(heads, rows // heads // 2, 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def heads_of(name, config):
    if ".attn_q." in name:
        return config.num_attention_heads
    if ".attn_k." in name:
        return config.num_key_value_heads
    return None


def random_state(model, seed):
    """Weights that keep activations near 1 and let attention and norms matter."""
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for name, value in sorted(model.state_dict().items()):
        noise = torch.randn(value.shape, generator=generator)
        if "norm" in name:
            state[name] = 1 + 0.2 * noise
        elif name.endswith("bias"):
            state[name] = 0.5 * noise
        elif "embed_tokens" in name or "lm_head" in name:
            state[name] = 0.3 * noise
        else:
            gain = 1.7 if "q_proj" in name or "k_proj" in name else 1.0
            state[name] = gain * noise / math.sqrt(value.shape[1])
    if model.config.tie_word_embeddings:
        state["lm_head.weight"] = state["model.embed_tokens.weight"]
    return state


def write_gguf(path, config, architecture, state, kind):
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_vocab_size(VOCABULARY)
    if architecture == "llama":
        writer.add_rope_dimension_count(config.head_dim)
    else:
        writer.add_key_length(config.head_dim)
        writer.add_value_length(config.head_dim)
    writer.add_tokenizer_model("no_vocab")
    if config.rope_parameters.get("rope_type") == "llama3":
        writer.add_tensor("rope_freqs.weight", rope_divisors(config))
    for name, value in state.items():
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        target = gguf_name(name)
        data = value.numpy().astype(np.float32)
        if architecture == "llama" and heads_of(target, config):
            data = interleaved(data, heads_of(target, config))
        own = T.F32 if data.ndim == 1 else kind
        packed = gguf.quants.quantize(np.ascontiguousarray(data), own)
        writer.add_tensor(target, packed, raw_dtype=own)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def rope_divisors(config):
    """What a converter writes as rope_freqs.weight for Llama 3.1: the divisor of each frequency."""
    rope = config.rope_parameters
    factor, low, high = rope["factor"], rope["low_freq_factor"], rope["high_freq_factor"]
    context = rope["original_max_position_embeddings"]
    divisors = []
    for pair in range(config.head_dim // 2):
        wavelength = 2 * math.pi * rope["rope_theta"] ** (2 * pair / config.head_dim)
        if wavelength < context / high:
            divisors.append(1.0)
        elif wavelength > context / low:
            divisors.append(factor)
        else:
            smooth = (context / wavelength - low) / (high - low)
            divisors.append(1 / ((1 - smooth) / factor + smooth))
    return np.array(divisors, dtype=np.float32)


def read_back(path, model, architecture):
    """The file's weights, dequantised, in transformers' order."""
    tensors = {t.name: t for t in gguf.GGUFReader(path).tensors}
    state = {}
    for name, value in model.state_dict().items():
        target = gguf_name(name)
        if target == "output.weight" and target not in tensors:
            target = "token_embd.weight"
        tensor = tensors[target]
        data = gguf.quants.dequantize(tensor.data, tensor.tensor_type).reshape(value.shape)
        if architecture == "llama" and heads_of(target, model.config):
            data = released(data, heads_of(target, model.config))
        state[name] = torch.from_numpy(np.ascontiguousarray(data, dtype=np.float32))
    return state


def reference(path, model, architecture, prompt):
    model.load_state_dict(read_back(path, model, architecture))
    with torch.no_grad():
        return model(torch.tensor([prompt])).logits[0].numpy().astype("<f4")


def configuration(kind, **changes):
    values = dict(
        vocab_size=VOCABULARY, hidden_size=256, num_attention_heads=4, num_key_value_heads=2, head_dim=64,
        max_position_embeddings=256, rms_norm_eps=1e-5, attn_implementation="eager",
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0})
    values.update(changes)
    return kind(**values)


def families():
    """Name, architecture, class, configuration and length of the prompt."""
    llama31 = {
        "rope_type": "llama3", "rope_theta": 10000.0, "factor": 8.0, "low_freq_factor": 1.0,
        "high_freq_factor": 4.0, "original_max_position_embeddings": 32}
    return [
        ("llama", "llama", transformers.LlamaForCausalLM, configuration(
            transformers.LlamaConfig, num_hidden_layers=2, intermediate_size=320, tie_word_embeddings=False), 150),
        ("llama31", "llama", transformers.LlamaForCausalLM, configuration(
            transformers.LlamaConfig, num_hidden_layers=2, intermediate_size=320, tie_word_embeddings=True,
            rope_parameters=llama31), 24),
        ("qwen2", "qwen2", transformers.Qwen2ForCausalLM, configuration(
            transformers.Qwen2Config, num_hidden_layers=2, intermediate_size=320, tie_word_embeddings=True), 24),
        ("qwen3", "qwen3", transformers.Qwen3ForCausalLM, configuration(
            transformers.Qwen3Config, num_hidden_layers=2, intermediate_size=320, num_attention_heads=6,
            tie_word_embeddings=False), 24),
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quantize", required=True, help="llama.cpp's llama-quantize")
    parser.add_argument("--out", default="Tests/Fixtures/models", type=pathlib.Path)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    numbers = np.random.default_rng(7)
    manifest = []

    def record(name, model, architecture, kind, prompt, first_row):
        path = arguments.out / f"{name}.gguf"
        logits = reference(path, model, architecture, prompt)[first_row:]
        (arguments.out / f"{name}.logits.bin").write_bytes(logits.tobytes())
        manifest.append({
            "name": name, "architecture": architecture, "type": kind, "prompt": prompt, "first_row": first_row,
            "rows": len(logits), "largest": round(float(np.abs(logits).max()), 3)})
        print(name, path.stat().st_size, logits.shape, "largest logit", manifest[-1]["largest"])

    for seed, (name, architecture, kind, config, length) in enumerate(families()):
        model = kind(config).eval()
        write_gguf(arguments.out / f"{name}.gguf", config, architecture, random_state(model, seed), T.Q8_0)
        prompt = [int(token) for token in numbers.integers(0, VOCABULARY, length)]
        # The long prompt's rows are those around position 128, where a cache of pages begins its second.
        record(name, model, architecture, "Q8_0", prompt, max(0, length - 24))

    config = configuration(
        transformers.LlamaConfig, num_hidden_layers=1, intermediate_size=256, num_key_value_heads=1,
        tie_word_embeddings=True)
    model = transformers.LlamaForCausalLM(config).eval()
    state = random_state(model, 100)
    prompt = [int(token) for token in numbers.integers(0, VOCABULARY, 24)]
    for kind in [T.F32, T.F16, T.BF16, T.Q8_0, T.Q4_0, T.Q4_1, T.Q5_0, T.Q5_1]:
        name = f"type-{kind.name}"
        write_gguf(arguments.out / f"{name}.gguf", config, "llama", state, kind)
        record(name, model, "llama", kind.name, prompt, 0)
    for kind in ["Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K"]:
        name = f"type-{kind}"
        with tempfile.NamedTemporaryFile() as log:
            file_type = kind if kind in ("Q2_K", "Q6_K") else kind + "_S"
            subprocess.run(
                [arguments.quantize, "--pure", arguments.out / "type-F32.gguf", arguments.out / f"{name}.gguf", file_type],
                check=True, stdout=log, stderr=log)
        found = {t.tensor_type.name for t in gguf.GGUFReader(arguments.out / f"{name}.gguf").tensors}
        assert found == {"F32", kind}, found
        record(name, model, "llama", kind, prompt, 0)
    (arguments.out / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")


if __name__ == "__main__":
    main()
