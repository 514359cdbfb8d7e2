#!/usr/bin/env python3
"""Measures a reward model of the kind `head` beside transformers: candidates behind one prompt.

    bench-reward.py [--binary FILE] [--threads 2] [--rounds 5] [--types f32,bf16]

torch and transformers are installed from PyPI the first time, as for bench-train.py. The model has SmolLM2-135M's shape,
random weights in bf16 and SmolLM2's tokenizer. Both sides
score the same tokens, in turn: a prompt of about 384 tokens and 16 candidates of about 32. transformers computes them
as one batch, in its faster type of f32 and bf16; the server gets one request. Medians in milliseconds, of the wall's clock
and and of processor time: on a busy machine compare the latter with one thread. Every round has a prompt of its own.
"""
import argparse
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

from bench_peers import torch_peers

try:
    import torch
    import transformers
except ModuleNotFoundError:
    # Again, by the Python that has them.
    os.execv(torch_peers.installed(), [torch_peers.installed(), *sys.argv])

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
    parser.add_argument("--binary", default=os.path.join(torch_peers.ROOT, ".build/release/llama-stack"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--types", default="f32,bf16", help="the peer's; none: ours alone")
    parsed = parser.parse_args()
    torch.set_num_threads(parsed.threads)
    with tempfile.TemporaryDirectory() as scratch:
        measure(parsed, pathlib.Path(scratch))


def measure(parsed, scratch):
    folder = scratch / "model"
    folder.mkdir()
    model_folder(folder, torch_peers.decoded(sys.executable))
    work = list(items(parsed.rounds + 1))
    print(f"load {os.getloadavg()[0]:.2f}, {parsed.threads} threads, first of {parsed.rounds + 1} rounds left out")
    reference, fastest = None, {}
    types = {"f32": torch.float32, "bf16": torch.bfloat16}
    rows = [(f"transformers {name}", lambda dtype=types[name]: peer(folder, work, dtype))
            for name in parsed.types.split(",") if name in types]
    rows += [(f"inline::model {name}", lambda name=name: ours(parsed.binary, folder, work, parsed.threads, name, scratch))
             for name in ("exact", "quantized")]
    for name, run in rows:
        times, scores, *shape = run()
        reference = reference or scores
        difference = max(abs(a - b) for x, y in zip(scores, reference) for a, b in zip(x, y))
        wall, processor = (statistics.median(t[i] for t in times[1:]) * 1e3 for i in (0, 1))
        ratio = ""
        if "transformers" in name:
            fastest = {"wall": min(wall, fastest.get("wall", wall)), "processor": min(processor, fastest.get("processor", processor))}
        elif fastest:
            ratio = f", {fastest['wall'] / wall:.1f} and {fastest['processor'] / processor:.1f} times as fast as the faster peer"
        print(f"{name}: {wall:.0f} ms, processor {processor:.0f} ms, largest difference to the first {difference:.2g}{ratio} "
              f"{shape[0] if shape else ''}", flush=True)


if __name__ == "__main__":
    main()
