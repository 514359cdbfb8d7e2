#!/usr/bin/env python3
"""Writes Tests/Fixtures/training/chat.gguf: a model of two layers with random weights, a token for each byte and ChatML's
control tokens, small enough for a job of training to take a second. Needs: pip install gguf numpy."""
import pathlib

import gguf
import numpy as np

HIDDEN, FORWARD, HEADS, KEY_HEADS, LAYERS = 64, 96, 2, 1, 2
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}")


def spelling():
    """Each byte as GPT-2's vocabularies spell it."""
    visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in visible]
    return [chr(byte) if byte in visible else chr(256 + others.index(byte)) for byte in range(256)]


out = pathlib.Path(__file__).resolve().parents[2] / "Tests/Fixtures/training/chat.gguf"
random = np.random.default_rng(1)
file = gguf.GGUFWriter(out, "llama")
file.add_name("tiny chat")
file.add_block_count(LAYERS)
file.add_embedding_length(HIDDEN)
file.add_feed_forward_length(FORWARD)
file.add_context_length(512)
file.add_head_count(HEADS)
file.add_head_count_kv(KEY_HEADS)
file.add_layer_norm_rms_eps(1e-5)
file.add_tokenizer_model("gpt2")
file.add_tokenizer_pre("smollm")
# A list of merges must not be empty.
file.add_token_list(spelling() + ["th", "<|im_start|>", "<|im_end|>"])
file.add_token_types([1] * 257 + [3, 3])
file.add_token_merges(["t h"])
file.add_bos_token_id(257)
file.add_eos_token_id(258)
file.add_chat_template(TEMPLATE)
width = HIDDEN // HEADS


def matrix(name, outputs, inputs, largest=0.125):
    file.add_tensor(name, random.uniform(-largest, largest, (outputs, inputs)).astype(np.float16))


matrix("token_embd.weight", 259, HIDDEN, 0.5)
for layer in range(LAYERS):
    prefix = f"blk.{layer}."
    for name in ["attn_norm", "ffn_norm"]:
        file.add_tensor(f"{prefix}{name}.weight", np.ones(HIDDEN, np.float32))
    matrix(prefix + "attn_q.weight", HIDDEN, HIDDEN)
    matrix(prefix + "attn_k.weight", KEY_HEADS * width, HIDDEN)
    matrix(prefix + "attn_v.weight", KEY_HEADS * width, HIDDEN)
    matrix(prefix + "attn_output.weight", HIDDEN, HIDDEN)
    matrix(prefix + "ffn_gate.weight", FORWARD, HIDDEN)
    matrix(prefix + "ffn_up.weight", FORWARD, HIDDEN)
    matrix(prefix + "ffn_down.weight", HIDDEN, FORWARD)
file.add_tensor("output_norm.weight", np.ones(HIDDEN, np.float32))
file.write_header_to_file()
file.write_kv_data_to_file()
file.write_tensors_to_file()
file.close()
