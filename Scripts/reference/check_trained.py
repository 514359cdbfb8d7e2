#!/usr/bin/env python3
"""Has other programs read what a job has trained: adapters of the real model, alone and merged.

    check_trained.py FOLDER [--binary .build/release/llama-stack] [--bench .build/release/llama-stack-bench] [--steps 20]

FOLDER is the model in f32 as Scripts/bench_peers/decode_llama.py writes it. `llama-stack finetune` trains a LoRA on all
products, a DoRA, and a LoRA of queries, values and the tied head; a fourth is the first as rsLoRA, by its settings. PEFT loads
each adapter's folder. `llama-stack-bench adapter export` merges each in F32: transformers reads the folder, llama.cpp (with
keys and values in f32) the GGUF file. Against PEFT's, the logits behind 20 prompts must be within 0.001, and greedy answers the
same, but from where PEFT's two best logits are that close.
Needs: torch transformers peft numpy xllamacpp.
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.parse

import numpy as np
import peft
import torch
import transformers
import xllamacpp

ROOT = pathlib.Path(__file__).resolve().parents[2]
TASK = ROOT / "Benchmarks/Training"
MODEL = ROOT / "models/SmolLM2-135M-Instruct.Q4_1.gguf"
ALL = ["--modules", "q_proj,k_proj,v_proj,o_proj", "--mlp"]
TRAINED = {"lora": ALL, "dora": [*ALL, "--algorithm", "dora"], "head": ["--head"]}
TOLERANCE = 1e-3
LENGTH = 16
# <|im_end|>
END = 2


def run(*words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"error: {' '.join(map(str, words))} ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


def train(arguments, scratch):
    """The folder of each adapter."""
    (scratch / "data").mkdir()
    environment = dict(os.environ, LLAMA_STACK_STATE=str(scratch / "state"), LLAMA_STACK_DATA=str(scratch / "data"))
    server = subprocess.Popen(
        [arguments.binary, "run", ROOT / "Distributions/train.yaml", "--port", "0"], stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, env=environment, text=True)
    folders = {}
    try:
        url = "http://127.0.0.1:" + server.stdout.readline().split("127.0.0.1:")[1].split()[0].rstrip("/,")
        names = arguments.adapters.split(",")
        for name, options in TRAINED.items():
            if name not in names and not (name == "lora" and "rslora" in names):
                continue
            run(arguments.binary, "finetune", "--url", url, "--dataset", TASK / "routing.jsonl", "--validation",
                TASK / "routing-known.jsonl", "--job", name, "--batch-size", 8, "--steps", arguments.steps, *options)
            listed = run(arguments.binary, "jobs", "artifacts", name, "--url", url)
            place = next(word for word in reversed(listed.split()) if word.startswith("file://"))
            folders[name] = scratch / name
            shutil.copytree(urllib.parse.unquote(urllib.parse.urlparse(place).path), folders[name])
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=60)
    if "rslora" not in names:
        return folders
    # rsLoRA divides alpha by the root of the rank.
    folders["rslora"] = scratch / "rslora"
    shutil.copytree(folders["lora"], folders["rslora"])
    settings = folders["rslora"] / "adapter_config.json"
    settings.write_text(json.dumps({**json.loads(settings.read_text()), "use_rslora": True, "lora_alpha": 6}))
    return {name: folders[name] for name in names}


def prompts(folder):
    """The ids of 20 prompts: half of them the task's."""
    words = transformers.AutoTokenizer.from_pretrained(folder)
    rows = [json.loads(line)["dialog"] for line in (TASK / "routing-unseen.jsonl").read_text().splitlines()]
    texts = [
        "Name a bird that cannot fly.", "What is the capital of France?", "Why is the sky blue?", "Count to ten.",
        "Write a line about the sea.", "What do bees make?", "Translate 'good night' into French.", "Who wrote Hamlet?",
        "2 + 2 =", "Say hello."]
    dialogs = [row[:-1] for row in rows[::5][:10]] + [[{"role": "user", "content": text}] for text in texts]
    return [words(words.apply_chat_template(dialog, tokenize=False, add_generation_prompt=True),
                  add_special_tokens=False)["input_ids"] for dialog in dialogs]


def by_torch(model, ids):
    """The logits of a greedy answer's positions, [LENGTH, vocabulary], and its tokens."""
    with torch.no_grad():
        made = model.generate(
            input_ids=torch.tensor([ids]), attention_mask=torch.ones(1, len(ids), dtype=torch.long), do_sample=False,
            min_new_tokens=LENGTH, max_new_tokens=LENGTH, eos_token_id=None, pad_token_id=0, output_logits=True,
            return_dict_in_generate=True)
    return torch.stack([row[0] for row in made.logits]).double().numpy(), made.sequences[0, len(ids):].tolist()


class LlamaCpp:
    def __init__(self, file):
        settings = xllamacpp.CommonParams()
        settings.model.path = str(file)
        settings.cache_type_k = settings.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
        settings.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
        (settings.n_ctx, settings.n_parallel, settings.warmup) = (512, 1, False)
        settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = torch.get_num_threads()
        settings.n_gpu_layers = 0
        settings.verbosity = -1
        self.server = xllamacpp.Server(settings)

    def ask(self, ids, count, probabilities):
        answer = self.server.handle_completions({
            "prompt": ids, "n_predict": count, "temperature": 0, "n_probs": probabilities, "cache_prompt": False,
            "return_tokens": True})
        logprobs = (json.loads(answer) if isinstance(answer, (str, bytes)) else answer)["choices"][0]["logprobs"]
        # Of an answer that ends at once nothing is said.
        return logprobs["content"] if logprobs else []

    def logprobs(self, ids, vocabulary):
        """None of an answer that ends at once."""
        first = self.ask(ids, 1, vocabulary)
        if not first:
            return None
        logprobs = np.full(vocabulary, -np.inf)
        for item in first[0]["top_logprobs"]:
            logprobs[item["id"]] = item["logprob"]
        return logprobs

    def answer(self, ids):
        """The tokens, without the one that ends a turn and what would stand behind it."""
        return [item["id"] for item in self.ask(ids, LENGTH, 1)]


def same(wanted, found, logits):
    """Whether two answers are the same up to their end, or to where the wanted one could as well have gone on otherwise."""
    for place, one in enumerate(wanted):
        other = found[place] if place < len(found) else END
        if one != other:
            best = np.sort(logits[place])[-2:]
            return bool(best[1] - best[0] < TOLERANCE)
        if one == END:
            break
    return True


def check(name, adapter, ids, arguments, scratch):
    base = transformers.AutoModelForCausalLM.from_pretrained(
        arguments.folder, dtype=torch.float32, attn_implementation="eager")
    model = peft.PeftModel.from_pretrained(base, adapter).eval()
    wanted = [by_torch(model, row) for row in ids]
    with model.disable_adapter():
        change = float(np.abs(by_torch(model, ids[0])[0][0] - wanted[0][0][0]).max())
    del model, base

    worst, answers = {}, {}
    export = [arguments.bench, "adapter", "export", adapter, "--base", MODEL, "--type", "F32"]
    run(*export, "--to", "safetensors", "--output", scratch / f"{name}-folder")
    merged = transformers.AutoModelForCausalLM.from_pretrained(
        scratch / f"{name}-folder", dtype=torch.float32, attn_implementation="eager").eval()
    found = [by_torch(merged, row) for row in ids]
    worst["transformers"] = max(float(np.abs(a[0][0] - b[0][0]).max()) for a, b in zip(wanted, found))
    answers["transformers"] = sum(same(a[1], b[1], a[0]) for a, b in zip(wanted, found))
    del merged, found

    run(*export, "--to", "gguf", "--output", scratch / f"{name}.gguf")
    other = LlamaCpp(scratch / f"{name}.gguf")
    differences, answers["llama.cpp"] = [], 0
    for row, (logits, tokens) in zip(ids, wanted):
        logprobs = logits[0] - np.logaddexp.reduce(logits[0])
        found = other.logprobs(row, len(logprobs))
        if found is not None:
            differences.append(float(np.abs(found - logprobs).max()))
        answers["llama.cpp"] += same(tokens, other.answer(row), logits)
    worst["llama.cpp"] = max(differences, default=float("inf"))
    shutil.rmtree(scratch / f"{name}-folder")
    (scratch / f"{name}.gguf").unlink()
    print(json.dumps({
        "adapter": name, "largest_change_of_a_logit": round(change, 3),
        "largest_difference": {program: float(f"{value:.2g}") for program, value in worst.items()},
        "logits_of_llama.cpp": len(differences), "same_answers_of": {program: f"{count} of {len(ids)}" for program, count in answers.items()}}), flush=True)
    return max(worst.values()) < TOLERANCE and all(count == len(ids) for count in answers.values())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--binary", default=ROOT / ".build/release/llama-stack")
    parser.add_argument("--bench", default=ROOT / ".build/release/llama-stack-bench")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--adapters", default="lora,dora,head,rslora")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        folders = train(arguments, scratch)
        ids = prompts(arguments.folder)
        results = [check(name, folder, ids, arguments, scratch) for name, folder in folders.items()]
    if not all(results):
        sys.exit("error: they do not agree")
    print("all agree")


if __name__ == "__main__":
    main()
