#!/usr/bin/env python3
"""Decodes a GGUF file of the llama architecture to a Hugging Face folder in f32: decode_llama.py FILE.gguf FOLDER

Rows of queries and keys go back to the released order; the tokenizer is that of byte-level BPE.
"""
import json
import pathlib
import sys

import gguf
import numpy as np
from safetensors.numpy import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

source, folder = sys.argv[1], pathlib.Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)
reader = gguf.GGUFReader(source)


def field(key):
    return reader.fields[key].contents()


A, T = "llama.", "tokenizer.ggml."
layers, hidden, feed_forward = (int(field(A + key)) for key in ("block_count", "embedding_length", "feed_forward_length"))
heads, key_heads = int(field(A + "attention.head_count")), int(field(A + "attention.head_count_kv"))
NAMES = {
    "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj", "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm"}


def released(weight, count):
    """Rows (2i, 2i + 1) of each head back to (i, i + half)."""
    return weight.reshape(count, weight.shape[0] // count // 2, 2, weight.shape[1]).swapaxes(1, 2).reshape(weight.shape)


tensors = {}
for tensor in reader.tensors:
    weight = np.ascontiguousarray(gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32))
    if tensor.name == "token_embd.weight":
        tensors["model.embed_tokens.weight"] = weight
    elif tensor.name == "output_norm.weight":
        tensors["model.norm.weight"] = weight
    elif tensor.name == "output.weight":
        tensors["lm_head.weight"] = weight
    else:
        _, layer, part, _ = tensor.name.split(".")
        if part in ("attn_q", "attn_k"):
            weight = released(weight, heads if part == "attn_q" else key_heads)
        tensors[f"model.layers.{layer}.{NAMES[part]}.weight"] = np.ascontiguousarray(weight)
save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
(folder / "config.json").write_text(json.dumps({
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": hidden, "intermediate_size": feed_forward,
    "num_hidden_layers": layers, "num_attention_heads": heads, "num_key_value_heads": key_heads, "head_dim": hidden // heads,
    "vocab_size": tensors["model.embed_tokens.weight"].shape[0], "max_position_embeddings": int(field(A + "context_length")),
    "rms_norm_eps": float(field(A + "attention.layer_norm_rms_epsilon")), "rope_theta": float(field(A + "rope.freq_base")),
    "hidden_act": "silu", "tie_word_embeddings": "lm_head.weight" not in tensors, "attention_bias": False, "mlp_bias": False,
    "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 2, "dtype": "float32"}, indent=1))

texts, types = field(T + "tokens"), field(T + "token_type")
merges = [tuple(merge.split(" ")) for merge in field(T + "merges")]
tokenizer = Tokenizer(models.BPE({text: i for i, text in enumerate(texts)}, merges))
tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
    [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
tokenizer.decoder = decoders.ByteLevel()
tokenizer.add_special_tokens([AddedToken(text, special=True, normalized=False) for text, kind in zip(texts, types) if kind == 3])
tokenizer.save(str(folder / "tokenizer.json"))
(folder / "tokenizer_config.json").write_text(json.dumps({
    "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": texts[1], "eos_token": texts[2], "pad_token": texts[2],
    "unk_token": texts[0], "add_bos_token": False, "model_max_length": 8192, "chat_template": field("tokenizer.chat_template")}, indent=1))
