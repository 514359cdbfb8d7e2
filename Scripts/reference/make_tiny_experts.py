#!/usr/bin/env python3
"""Makes the tiny mixtures of experts in Tests/Fixtures/experts and the logits that transformers computes for them.

    make_tiny_experts.py [--out Tests/Fixtures/experts]

Weights are random with a fixed seed. GGUF files are written with the gguf package, read back, dequantised, and run in
transformers in float32; folders are written by transformers (`save_pretrained`, and once more with experts stacked as
transformers holds them) and read back by it: the reference judges the numbers that are in the files. One folder has an
adapter of its attention, made and judged by PEFT.
Needs: torch transformers peft gguf safetensors numpy.
"""
import argparse
import json
import math
import pathlib
import shutil

import gguf
import numpy as np
import peft
import torch
import transformers
from gguf import GGMLQuantizationType as T
from safetensors.torch import save_file

from make_tiny_adapters import randomise, save
from make_tiny_models import heads_of, interleaved, released

VOCABULARY = 96
ROWS = 24
NAMES = {
    "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v", "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm",
    "self_attn.o_proj": "attn_output", "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down", "mlp.gate": "ffn_gate_inp",
    "mlp.shared_expert.gate_proj": "ffn_gate_shexp", "mlp.shared_expert.up_proj": "ffn_up_shexp",
    "mlp.shared_expert.down_proj": "ffn_down_shexp", "mlp.shared_expert_gate": "ffn_gate_inp_shexp",
}
TOP_NAMES = {
    "model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight",
    "lm_head.weight": "output.weight",
}


def random_state(model, seed):
    """Weights that keep activations near 1, and routers whose choices differ from token to token."""
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
            gain = 1.7 if "q_proj" in name or "k_proj" in name or name.endswith("mlp.gate.weight") else 1.0
            state[name] = gain * noise / math.sqrt(value.shape[-1])
    return state


def layer_tensors(name, value, form):
    """A tensor of transformers as GGUF's tensors: name and values."""
    _, _, layer, rest = name.split(".", 3)
    prefix = f"blk.{layer}."
    if rest == "mlp.experts.gate_up_proj":
        gate, up = value.chunk(2, dim=1)
        if form == "fused":
            return [(prefix + "ffn_gate_up_exps.weight", value)]
        return experts(prefix, "gate", gate, form) + experts(prefix, "up", up, form)
    if rest == "mlp.experts.down_proj":
        return experts(prefix, "down", value, form)
    module, kind = rest.rsplit(".", 1)
    return [(f"{prefix}{NAMES[module]}.{kind}", value[0] if module == "mlp.shared_expert_gate" else value)]


def experts(prefix, kind, value, form):
    if form == "single":
        return [(f"{prefix}ffn_{kind}.{index}.weight", one) for index, one in enumerate(value)]
    return [(f"{prefix}ffn_{kind}_exps.weight", value)]


def gguf_tensors(state, config, architecture, form):
    for name, value in state.items():
        pairs = [(TOP_NAMES[name], value)] if name in TOP_NAMES else layer_tensors(name, value, form)
        for target, part in pairs:
            data = part.numpy().astype(np.float32)
            if architecture == "llama" and heads_of(target, config):
                data = interleaved(data, heads_of(target, config))
            yield target, np.ascontiguousarray(data)


def random_blocks(shape, generator):
    """Q4_K: any bits are weights, under scales that make them small."""
    blocks = generator.integers(0, 256, (math.prod(shape) // 256, 144), dtype=np.uint8)
    scales = np.array([[2e-4, 1e-3]], dtype=np.float16).view(np.uint8)
    blocks[:, :4] = scales
    return blocks.reshape(*shape[:-1], shape[-1] // 256 * 144)


def write_gguf(path, config, architecture, state, kind, form):
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
    writer.add_expert_count(config.num_local_experts if architecture == "llama" else config.num_experts)
    writer.add_expert_used_count(config.num_experts_per_tok)
    if architecture == "llama":
        writer.add_rope_dimension_count(config.head_dim)
    else:
        writer.add_key_length(config.head_dim)
        writer.add_value_length(config.head_dim)
        writer.add_expert_feed_forward_length(config.moe_intermediate_size)
    if architecture == "qwen2moe":
        writer.add_expert_shared_feed_forward_length(config.shared_expert_intermediate_size)
    writer.add_tokenizer_model("no_vocab")
    generator = np.random.default_rng(3)
    for name, data in gguf_tensors(state, config, architecture, form):
        if data.ndim == 1 or "ffn_gate_inp" in name:
            writer.add_tensor(name, data, raw_dtype=T.F32)
        elif kind == T.Q4_K and "attn" not in name and "token" not in name and name != "output.weight":
            writer.add_tensor(name, random_blocks(data.shape, generator), raw_dtype=kind)
        else:
            own = T.Q8_0 if kind == T.Q4_K else kind
            writer.add_tensor(name, gguf.quants.quantize(data, own), raw_dtype=own)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def read_back(path, model, architecture, form):
    """The file's weights, dequantised, in transformers' order."""
    tensors = {t.name: t for t in gguf.GGUFReader(path).tensors}

    def read(name, shape):
        tensor = tensors[name]
        data = gguf.quants.dequantize(tensor.data, tensor.tensor_type).reshape(shape)
        if architecture == "llama" and heads_of(name, model.config):
            data = released(data, heads_of(name, model.config))
        return torch.from_numpy(np.ascontiguousarray(data, dtype=np.float32))

    state = {}
    for name, value in model.state_dict().items():
        pairs = [(TOP_NAMES[name], value)] if name in TOP_NAMES else layer_tensors(name, value, form)
        parts = [read(target, tuple(part.shape)) for target, part in pairs]
        if name.endswith("gate_up_proj") and form == "single":
            half = len(parts) // 2
            parts = [torch.stack(parts[:half]), torch.stack(parts[half:])]
        elif name.endswith("experts.down_proj") and form == "single":
            parts = [torch.stack(parts)]
        state[name] = torch.cat(parts, dim=1).reshape(value.shape) if len(parts) > 1 else parts[0].reshape(value.shape)
    return state


def configuration(kind, **changes):
    values = dict(
        vocab_size=VOCABULARY, hidden_size=128, num_attention_heads=4, num_key_value_heads=2, head_dim=32,
        num_hidden_layers=2, intermediate_size=96, max_position_embeddings=256, rms_norm_eps=1e-5,
        attn_implementation="eager", tie_word_embeddings=False, num_experts_per_tok=3,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0})
    values.update(changes)
    return kind(**values)


def qwen3(**changes):
    values = dict(num_experts=8, moe_intermediate_size=64, norm_topk_prob=True)
    return transformers.Qwen3MoeForCausalLM, configuration(transformers.Qwen3MoeConfig, **(values | changes))


def qwen2(**changes):
    values = dict(num_experts=6, moe_intermediate_size=64, shared_expert_intermediate_size=96, norm_topk_prob=False)
    return transformers.Qwen2MoeForCausalLM, configuration(transformers.Qwen2MoeConfig, **(values | changes))


def mixtral(**changes):
    values = dict(num_local_experts=4, num_experts_per_tok=2)
    return transformers.MixtralForCausalLM, configuration(transformers.MixtralConfig, **(values | changes))


def files():
    """Name, architecture, model, type of matrices, and how experts lie: `stacked`, `fused` or `single`."""
    yield "qwen3moe", "qwen3moe", qwen3(), T.Q8_0, "stacked"
    # Widths that fill no panel, and an odd number of experts.
    yield "qwen3moe-odd", "qwen3moe", qwen3(
        num_hidden_layers=1, num_experts=5, moe_intermediate_size=40, num_experts_per_tok=2), T.F32, "stacked"
    yield "qwen3moe-fused", "qwen3moe", qwen3(num_hidden_layers=1), T.F16, "fused"
    yield "qwen3moe-Q4_K", "qwen3moe", qwen3(
        num_hidden_layers=1, hidden_size=256, num_experts=4, moe_intermediate_size=256, num_experts_per_tok=2
    ), T.Q4_K, "stacked"
    yield "qwen2moe", "qwen2moe", qwen2(), T.Q8_0, "stacked"
    # A shared expert that fills no panel beside experts that do.
    yield "qwen2moe-odd", "qwen2moe", qwen2(
        num_hidden_layers=1, shared_expert_intermediate_size=40), T.F16, "stacked"
    yield "mixtral", "llama", mixtral(), T.Q4_0, "stacked"
    yield "mixtral-single", "llama", mixtral(), T.Q8_0, "single"


def folders():
    """Name, model, type, and whether experts are written as transformers holds them."""
    # Layers 0 and 2 are dense by the step, layer 3 by name.
    yield "qwen3_moe", qwen3(
        num_hidden_layers=4, decoder_sparse_step=2, mlp_only_layers=[3], norm_topk_prob=False), torch.bfloat16, False
    yield "qwen3_moe-stacked", qwen3(num_hidden_layers=1), torch.bfloat16, True
    yield "qwen2_moe", qwen2(mlp_only_layers=[0], norm_topk_prob=True), torch.bfloat16, False
    yield "mixtral-folder", mixtral(num_hidden_layers=1), torch.float16, False
    yield "mixtral-stacked", mixtral(num_hidden_layers=1), torch.float32, True


def made(kind, config, seed):
    model = kind(config).eval()
    model.load_state_dict(random_state(model, seed))
    return model


def logits(model, prompt):
    with torch.no_grad():
        return model(torch.tensor([prompt])).logits[0].numpy().astype("<f4")


def write_folder(folder, model, dtype, is_stacked):
    model = model.to(dtype)
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    if is_stacked:
        save_file({k: v.contiguous() for k, v in model.state_dict().items()}, folder / "model.safetensors",
                  metadata={"format": "pt"})
    read, report = transformers.AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True)
    assert not any(report[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys")), report
    return read.eval()


def adapt(out, name, model, prompt):
    """Saves an adapter of random numbers beside a folder, and the logits with it."""
    model.name_or_path = None  # else the folder's path on this machine stands in the adapter
    settings = peft.LoraConfig(
        task_type="CAUSAL_LM", r=4, lora_alpha=8, lora_dropout=0.0,
        target_modules=["q_proj", "k_proj", "v_proj", "o_proj"])
    adapted = peft.get_peft_model(model, settings)
    randomise(adapted, 7)
    save(adapted, out / f"{name}-adapter", torch.float16)
    plain = transformers.AutoModelForCausalLM.from_pretrained(
        out / name, dtype=torch.float32, attn_implementation="eager")
    read = peft.PeftModel.from_pretrained(plain, out / f"{name}-adapter", autocast_adapter_dtype=True).eval()
    (out / f"{name}-adapter.logits.bin").write_bytes(logits(read, prompt)[-ROWS:].tobytes())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default="Tests/Fixtures/experts", type=pathlib.Path)
    out = parser.parse_args().out
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    torch.set_num_threads(1)
    manifest = []

    def record(name, model, seed, is_folder):
        prompt = [int(token) for token in np.random.default_rng(seed).integers(0, VOCABULARY, ROWS + 7)]
        rows = logits(model, prompt)[-ROWS:]
        (out / f"{name}.logits.bin").write_bytes(rows.tobytes())
        manifest.append({
            "name": name, "is_folder": is_folder, "prompt": prompt, "rows": ROWS,
            "largest": round(float(np.abs(rows).max()), 3)})
        print(name, "largest logit", manifest[-1]["largest"])

    for seed, (name, architecture, (kind, config), quantised, form) in enumerate(files()):
        model = made(kind, config, 400 + seed)
        path = out / f"{name}.gguf"
        if not hasattr(config, "head_dim") or config.head_dim is None:
            config.head_dim = config.hidden_size // config.num_attention_heads
        write_gguf(path, config, architecture, model.state_dict(), quantised, form)
        model.load_state_dict(read_back(path, model, architecture, form))
        record(name, model, 400 + seed, False)
    for seed, (name, (kind, config), dtype, is_stacked) in enumerate(folders()):
        model = write_folder(out / name, made(kind, config, 500 + seed), dtype, is_stacked)
        record(name, model, 500 + seed, True)
        if name == "qwen3_moe":
            adapt(out, name, model, manifest[-1]["prompt"])
    (out / "manifest.json").write_text(json.dumps(manifest) + "\n")


if __name__ == "__main__":
    main()
