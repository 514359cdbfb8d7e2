#!/usr/bin/env python3
"""Makes the tiny reward model in Tests/Fixtures/reward and the scores that transformers computes with it.

    make_tiny_classifier.py [--out Tests/Fixtures/reward]

A LlamaForSequenceClassification with one label and random weights, written by transformers (`save_pretrained`), read
back by it, and run in float64, one conversation at a time: the last token is the last by position. Its vocabulary has a
token for each byte and ChatML's control tokens. Needs: torch transformers tokenizers.
"""
import argparse
import json
import pathlib
import shutil

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

CONTROLS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}")


def tokenizer():
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    made = Tokenizer(models.BPE(vocab={letter: i for i, letter in enumerate(alphabet)}, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens(CONTROLS)
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, eos_token="<|im_end|>", chat_template=TEMPLATE)


def weights(model):
    generator = torch.Generator().manual_seed(77)
    state = {}
    for name, value in model.state_dict().items():
        if "norm" in name:
            state[name] = 1 + 0.1 * torch.randn(value.shape, generator=generator)
        elif "embed" in name:
            state[name] = torch.randn(value.shape, generator=generator)
        else:
            state[name] = 1.5 * torch.randn(value.shape, generator=generator) / value.shape[-1] ** 0.5
    return state


def conversations():
    question = [{"role": "user", "content": "Name a bird that cannot fly."}]
    for answer in ["The ostrich.", "A penguin, of course: it swims instead.", "", "the ostrich.", "Größe 🐦"]:
        yield question, answer
    # Longer than a page of keys and values, with a history.
    long = [
        {"role": "system", "content": "Answer in one sentence."},
        {"role": "user", "content": "What is a page? " * 12}, {"role": "assistant", "content": "A part of a book."},
        {"role": "user", "content": "And of memory?"}]
    for answer in ["A few positions of a sequence.", "Four KiB. " * 20]:
        yield long, answer


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default="Tests/Fixtures/reward", type=pathlib.Path)
    out = parser.parse_args().out
    shutil.rmtree(out, ignore_errors=True)
    torch.set_num_threads(1)
    words = tokenizer()
    config = transformers.LlamaConfig(
        vocab_size=len(words), hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=16, max_position_embeddings=1024, rms_norm_eps=1e-5, num_labels=1,
        tie_word_embeddings=False, bos_token_id=None, eos_token_id=words.eos_token_id, pad_token_id=None,
        attn_implementation="eager")
    model = transformers.LlamaForSequenceClassification(config).eval()
    model.load_state_dict(weights(model))
    model.to(torch.bfloat16).save_pretrained(out / "tiny")
    words.save_pretrained(out / "tiny")
    model = transformers.LlamaForSequenceClassification.from_pretrained(
        out / "tiny", dtype=torch.float64, attn_implementation="eager").eval()
    items = []
    for dialog, answer in conversations():
        messages = dialog + [{"role": "assistant", "content": answer}]
        ids = words.apply_chat_template(messages, tokenize=True, return_dict=False)
        with torch.no_grad():
            score = model(torch.tensor([ids])).logits[0, 0].item()
        items.append({"dialog": dialog, "answer": answer, "tokens": ids, "score": score})
        print(len(ids), score)
    lines = ",\n".join(json.dumps(item, ensure_ascii=False) for item in items)
    (out / "scores.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
