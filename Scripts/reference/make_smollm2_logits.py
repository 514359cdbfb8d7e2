#!/usr/bin/env python3
"""Makes Tests/Fixtures/models/smollm2: what transformers computes in float32 for the dequantised weights of
SmolLM2-135M-Instruct.Q4_1.gguf. For two prompts the logits of the last position, for all of them the five likeliest tokens.

    make_smollm2_logits.py MODEL.gguf [--out Tests/Fixtures/models/smollm2]
"""
import argparse
import hashlib
import json
import pathlib

import gguf
import numpy as np
import torch
import transformers

from make_tiny_models import read_back

# Token ids, so that no tokenizer takes part.
PROMPTS = {
    # "The capital of France is"
    "france": [504, 3575, 282, 4649, 314],
    # The chat template around "What is 2 + 2?"
    "chat": [1, 9690, 198, 2683, 359, 253, 5356, 5646, 11173, 3365, 3511, 308, 34519, 28, 7018, 411, 407, 19712, 8182, 2,
             198, 1, 4093, 198, 1780, 314, 216, 34, 1232, 216, 34, 47, 2, 198, 1, 520, 9531, 198],
    # Ids that follow no grammar, past one page of a cache.
    "long": [(7919 * i * i + 104729 * i + 13) % 49152 for i in range(140)],
}
WHOLE = ("france", "long")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--out", default="Tests/Fixtures/models/smollm2", type=pathlib.Path)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    fields = gguf.GGUFReader(arguments.model).fields
    number = lambda key: fields[f"llama.{key}"].contents()
    config = transformers.LlamaConfig(
        vocab_size=number("vocab_size"), hidden_size=number("embedding_length"),
        intermediate_size=number("feed_forward_length"), num_hidden_layers=number("block_count"),
        num_attention_heads=number("attention.head_count"), num_key_value_heads=number("attention.head_count_kv"),
        max_position_embeddings=number("context_length"), rms_norm_eps=number("attention.layer_norm_rms_epsilon"),
        rope_parameters={"rope_type": "default", "rope_theta": number("rope.freq_base")},
        tie_word_embeddings=True, attn_implementation="eager")
    model = transformers.LlamaForCausalLM(config).eval()
    model.load_state_dict(read_back(arguments.model, model, "llama"))
    prompts = []
    for name, tokens in PROMPTS.items():
        with torch.no_grad():
            logits = model(torch.tensor([tokens])).logits[0, -1]
        if name in WHOLE:
            (arguments.out / f"{name}.logits.bin").write_bytes(logits.numpy().astype("<f4").tobytes())
        top = torch.topk(logits, 5)
        prompts.append({
            "name": name, "prompt": tokens, "whole": name in WHOLE, "top": top.indices.tolist(),
            "top_logits": [round(float(value), 5) for value in top.values]})
        print(name, prompts[-1]["top"], prompts[-1]["top_logits"])
    digest = hashlib.sha256(arguments.model.read_bytes()).hexdigest()
    (arguments.out / "manifest.json").write_text(json.dumps({"model_sha256": digest, "prompts": prompts}, indent=1) + "\n")


if __name__ == "__main__":
    main()
