#!/usr/bin/env python3
"""Measures a reward model of the kind `head` beside transformers: candidates behind one prompt.

    bench-reward.py LLAMA_STACK TOKENIZER_FOLDER [--threads 2] [--rounds 5] [--folder /tmp/bench-reward]

LLAMA_STACK is the command of a release build, TOKENIZER_FOLDER one with the tokenizer of SmolLM2 (tokenizer.json,
tokenizer_config.json, chat_template.jinja). The model has SmolLM2-135M's shape and random weights, in bf16. Both sides
score the same tokens, in turn: a prompt of about 384 tokens and 16 candidates of about 32. transformers computes them
as one batch, in its faster type of f32 and bf16; the server gets one request. Medians in milliseconds, of the wall's clock
and of processor time: on a busy machine compare the latter with one thread. Every round has a prompt of its own.
Needs: torch transformers.
"""
import argparse
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import time
import urllib.request

import torch
import transformers

SHAPE = dict(
    vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9,
    num_key_value_heads=3, head_dim=64, max_position_embeddings=8192, rms_norm_eps=1e-5, num_labels=1,
    tie_word_embeddings=False, pad_token_id=None)
WORDS = "river stone garden window letter morning engine silver pocket winter market signal yellow".split()


def model_folder(folder, tokenizer):
    if not (folder / "model.safetensors").exists():
        torch.manual_seed(1)
        model = transformers.LlamaForSequenceClassification(transformers.LlamaConfig(**SHAPE)).to(torch.bfloat16)
        model.save_pretrained(folder)
        for name in ["tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "special_tokens_map.json"]:
            if (pathlib.Path(tokenizer) / name).exists():
                shutil.copy(pathlib.Path(tokenizer) / name, folder / name)


def items(rounds):
    draw = random.Random(3)
    for _ in range(rounds):
        prompt = " ".join(draw.choice(WORDS) for _ in range(352))
        yield prompt, [" ".join(draw.choice(WORDS) for _ in range(28)) for _ in range(16)]


def peer(folder, work, dtype):
    words = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        folder, dtype=dtype, attn_implementation="sdpa").eval()
    # A batch needs a token to pad with; all rows are padded at the front, so the last position is the last token.
    words.pad_token, words.padding_side = words.eos_token or "<|im_end|>", "left"
    times, scores = [], []
    for prompt, candidates in work:
        texts = [
            words.apply_chat_template(
                [{"role": "user", "content": prompt}, {"role": "assistant", "content": text}], tokenize=False)
            for text in candidates]
        batch = words(texts, return_tensors="pt", padding=True)
        start, used = time.perf_counter(), time.process_time()
        with torch.no_grad():
            hidden = model.model(**batch).last_hidden_state[:, -1]
            scores.append(model.score(hidden)[:, 0].float().tolist())
        times.append((time.perf_counter() - start, time.process_time() - used))
    return times, scores, tuple(batch.input_ids.shape)


def processor_time(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ours(command, folder, work, threads, precision, scratch):
    yaml = scratch / "bench.yaml"
    yaml.write_text(
        "version: 1\nname: bench\nserver: {port: 18477}\nproviders:\n  reward_scoring:\n"
        "    - {provider_id: r, provider_type: inline::model, "
        f"config: {{threads: {threads}, precision: {precision}}}}}\n"
        f"models:\n  - {{model_id: judge, provider_id: r, path: {folder}, config: {{kind: head}}}}\n")
    server = subprocess.Popen([command, "run", str(yaml)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        server.stdout.readline()
        times, scores = [], []
        for prompt, candidates in work:
            body = json.dumps({"model": "judge", "prompt_generations": [{
                "dialog": {"message": {"role": "user", "content": prompt}},
                "k_generations": [{"role": "assistant", "content": text} for text in candidates]}]}).encode()
            request = urllib.request.Request(
                "http://127.0.0.1:18477/reward_scoring/score", body, {"Content-Type": "application/json"})
            start, used = time.perf_counter(), processor_time(server.pid)
            answer = json.load(urllib.request.urlopen(request))
            times.append((time.perf_counter() - start, processor_time(server.pid) - used))
            scores.append([item["score"] for item in answer["scored_generations"][0]["k_scored_generations"]])
        return times, scores
    finally:
        server.terminate()
        server.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command")
    parser.add_argument("tokenizer")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("/tmp/bench-reward"))
    parsed = parser.parse_args()
    torch.set_num_threads(parsed.threads)
    folder = parsed.folder / "model"
    folder.mkdir(parents=True, exist_ok=True)
    model_folder(folder, parsed.tokenizer)
    work = list(items(parsed.rounds + 1))
    print(f"load {os.getloadavg()}, {parsed.threads} threads, first round left out")
    reference = None
    for name, run in [
        ("transformers f32", lambda: peer(folder, work, torch.float32)),
        ("transformers bf16", lambda: peer(folder, work, torch.bfloat16)),
        ("inline::model exact", lambda: ours(parsed.command, folder, work, parsed.threads, "exact", parsed.folder)),
        ("inline::model quantized", lambda: ours(
            parsed.command, folder, work, parsed.threads, "quantized", parsed.folder)),
    ]:
        times, scores, *shape = run()
        reference = reference or scores
        difference = max(abs(a - b) for x, y in zip(scores, reference) for a, b in zip(x, y))
        print(
            f"{name}: {statistics.median(t[0] for t in times[1:]) * 1e3:.0f} ms, "
            f"processor {statistics.median(t[1] for t in times[1:]) * 1e3:.0f} ms, "
            f"largest difference to f32 {difference:.2g} {shape[0] if shape else ''}", flush=True)


if __name__ == "__main__":
    main()
