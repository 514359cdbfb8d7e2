#!/usr/bin/env python3
"""Has other programs read what a job has trained: adapters of the real model, alone and merged.

    check_trained.py [--binary .build/release/llama-stack] [--bench .build/release/llama-stack-bench] [--steps 20]
                     [--adapters lora,dora,head,rslora] [--threads 1]

`llama-stack finetune` trains a LoRA on all products, a DoRA, and a LoRA of queries, values and the tied head; a fourth is the
first as rsLoRA, by its settings. PEFT loads each adapter's folder on the base in f32. Our server serves the same folders
(`precision: exact`) and scores PEFT's answers to 20 prompts: the log-probability of each token must be within 0.001 of PEFT's.
`llama-stack-bench adapter export` merges each in F32: transformers reads the folder, llama.cpp (with keys and values in f32) the
GGUF file. Their logits behind the prompts must be within 0.001 of PEFT's, and greedy answers the same, but from where PEFT's two
best logits are that close.

torch, transformers, PEFT and llama.cpp (xllamacpp) are installed from PyPI into $LLAMA_STACK_PEERS/training the first time.
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
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "Scripts"))
from bench_peers import torch_peers

if __name__ == "__main__" and pathlib.Path(sys.prefix).resolve() != pathlib.Path(torch_peers.FOLDER).resolve():
    python = torch_peers.installed()
    os.execv(python, [python, *sys.argv])

import numpy as np
import peft
import torch
import transformers
import xllamacpp

TASK = ROOT / "Benchmarks/Training"
MODEL = ROOT / "models/SmolLM2-135M-Instruct.Q4_1.gguf"
ALL = ["--modules", "q_proj,k_proj,v_proj,o_proj", "--mlp"]
TRAINED = {"lora": ALL, "dora": [*ALL, "--algorithm", "dora"], "head": ["--head"]}
TOLERANCE = 1e-3
LENGTH = 16
# <|im_end|>, and <|endoftext|>, which ends an answer of llama.cpp as well.
END, ENDS = 2, (2, 0)


def run(*words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"error: {' '.join(map(str, words))} ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


class Server:
    """A distribution that is served on a free port."""

    def __init__(self, binary, file, **environment):
        (self.binary, self.file, self.environment) = (binary, file, {**os.environ, **environment})

    def __enter__(self):
        self.process = subprocess.Popen(
            [self.binary, "run", self.file, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=self.environment, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("ready"):
            sys.exit(f"error: the server did not start; `llama-stack run {self.file}` says why")
        return "http://127.0.0.1:" + line.split("127.0.0.1:")[1].split()[0].rstrip("/,")

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)


def train(arguments, scratch):
    """The folder of each adapter."""
    (scratch / "data").mkdir()
    names, folders = arguments.adapters.split(","), {}
    with Server(arguments.binary, ROOT / "Distributions/train.yaml", LLAMA_STACK_STATE=str(scratch / "state"),
                LLAMA_STACK_DATA=str(scratch / "data")) as url:
        for name, options in TRAINED.items():
            if name not in names and not (name == "lora" and "rslora" in names):
                continue
            run(arguments.binary, "finetune", "--url", url, "--dataset", TASK / "routing.jsonl", "--validation",
                TASK / "routing-known.jsonl", "--job", name, "--batch-size", 8, "--steps", arguments.steps, *options)
            listed = run(arguments.binary, "jobs", "artifacts", name, "--url", url)
            place = next(word for word in reversed(listed.split()) if word.startswith("file://"))
            folders[name] = scratch / name
            shutil.copytree(urllib.parse.unquote(urllib.parse.urlparse(place).path), folders[name])
    if "rslora" not in names:
        return folders
    # rsLoRA divides alpha by the root of the rank.
    folders["rslora"] = scratch / "rslora"
    shutil.copytree(folders["lora"], folders["rslora"])
    settings = folders["rslora"] / "adapter_config.json"
    settings.write_text(json.dumps({**json.loads(settings.read_text()), "use_rslora": True, "lora_alpha": 6}))
    return {name: folders[name] for name in names}


def prompts():
    """20 dialogs: half of them the task's."""
    rows = [json.loads(line)["dialog"] for line in (TASK / "routing-unseen.jsonl").read_text().splitlines()]
    texts = [
        "Name a bird that cannot fly.", "What is the capital of France?", "Why is the sky blue?", "Count to ten.",
        "Write a line about the sea.", "What do bees make?", "Translate 'good night' into French.", "Who wrote Hamlet?",
        "2 + 2 =", "Say hello."]
    return [row[:-1] for row in rows[::5][:10]] + [[{"role": "user", "content": text}] for text in texts]


class Words:
    def __init__(self, folder):
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        (self.space,) = self.tokenizer(" ", add_special_tokens=False)["input_ids"]

    def ids(self, dialog, **options):
        text = self.tokenizer.apply_chat_template(dialog, tokenize=False, **options)
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]

    def text(self, answer):
        """Up to its end."""
        length = next((place for place, token in enumerate(answer) if token in ENDS), len(answer))
        return self.tokenizer.decode(answer[:length])


DISTRIBUTION = """
version: 1
name: check-trained
providers:
  inference:
    - {provider_id: cpu, provider_type: inline::cpu, config: {precision: exact}}
models:
  - {model_id: base, provider_id: cpu, path: %s}
"""


def serve(arguments, folders, scratch):
    """The adapters beside their base, computed in 32-bit floats."""
    file = scratch / "served.yaml"
    models = [f"  - {{model_id: {name}, base: base, adapter: {folder}}}\n" for name, folder in folders.items()]
    file.write_text(DISTRIBUTION % MODEL + "".join(models))
    return Server(arguments.binary, file)


def served_logprobs(url, name, dialog, answer):
    """Of the tokens of an answer, and of the one that ends its turn."""
    body = {"model": name, "dialog": {"message": dialog[-1], "message_history": dialog[:-1]}, "continuations": [answer]}
    request = urllib.request.Request(
        f"{url}/inference/score", json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=300) as reply:
        return json.load(reply)["scores"][0]["logprobs"]["token_logprobs"]


def logprobs_by_torch(model, words, dialog, answer):
    """The same."""
    ids = words.ids([*dialog, {"role": "assistant", "content": answer}])
    ids = ids[:len(ids) - ids[::-1].index(END)]
    start = len(words.ids(dialog, add_generation_prompt=True))
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([ids])).logits[0, start - 1:-1].double()
    return torch.log_softmax(logits, dim=-1).gather(1, torch.tensor(ids[start:])[:, None])[:, 0].tolist()


def by_torch(model, ids):
    """The logits of a greedy answer's positions, [LENGTH, vocabulary], and its tokens."""
    with torch.no_grad():
        made = model.generate(
            input_ids=torch.tensor([ids]), attention_mask=torch.ones(1, len(ids), dtype=torch.long), do_sample=False,
            min_new_tokens=LENGTH, max_new_tokens=LENGTH, eos_token_id=None, pad_token_id=0, output_logits=True,
            return_dict_in_generate=True)
    return torch.stack([row[0] for row in made.logits]).double().numpy(), made.sequences[0, len(ids):].tolist()


class LlamaCpp:
    def __init__(self, file, space):
        self.space = space
        settings = xllamacpp.CommonParams()
        settings.model.path = str(file)
        settings.cache_type_k = settings.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
        settings.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
        (settings.n_ctx, settings.n_parallel, settings.warmup) = (512, 1, False)
        settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = torch.get_num_threads()
        settings.n_gpu_layers = 0
        settings.verbosity = -1
        self.server = xllamacpp.Server(settings)

    def likeliest(self, ids, count):
        """What may follow, the likeliest first, as (token, log-probability).

        llama.cpp tells nothing of a token that begins a character and does not end it. So it is made to take a space, by a
        bias; what it tells of the logits is from before the bias.
        """
        answer = self.server.handle_completions({
            "prompt": ids, "n_predict": 1, "temperature": 0, "n_probs": count, "cache_prompt": False,
            "logit_bias": [[self.space, 1e6]]})
        choice = (json.loads(answer) if isinstance(answer, (str, bytes)) else answer)["choices"][0]
        return [(item["id"], item["logprob"]) for item in choice["logprobs"]["content"][0]["top_logprobs"]]

    def logprobs(self, ids, vocabulary):
        logprobs = np.full(vocabulary, -np.inf)
        for token, logprob in self.likeliest(ids, vocabulary):
            logprobs[token] = logprob
        return logprobs

    def answer(self, ids):
        """The tokens of a greedy answer, up to the one that ends its turn."""
        answer = []
        while len(answer) < LENGTH and not (answer and answer[-1] in ENDS):
            answer.append(self.likeliest(ids + answer, 1)[0][0])
        return answer


def same(wanted, found, logits):
    """Whether two answers are the same up to their end, or to where the wanted one could as well have gone on otherwise."""
    for place, one in enumerate(wanted):
        if one != found[place]:
            best = np.sort(logits[place])[-2:]
            return bool(best[1] - best[0] < TOLERANCE)
        if one in ENDS:
            break
    return True


def differences_of_served(url, name, model, words, dialogs, wanted):
    """Of every token of the answers."""
    for dialog, (_, tokens) in zip(dialogs, wanted):
        answer = words.text(tokens)
        ours, theirs = served_logprobs(url, name, dialog, answer), logprobs_by_torch(model, words, dialog, answer)
        if len(ours) != len(theirs):
            sys.exit(f"error: {len(ours)} tokens of '{answer}' are scored, and PEFT has {len(theirs)}")
        yield from (abs(a - b) for a, b in zip(ours, theirs))


def check(name, adapter, url, words, arguments, scratch):
    base = transformers.AutoModelForCausalLM.from_pretrained(
        torch_peers.decoded(sys.executable), dtype=torch.float32, attn_implementation="eager")
    model = peft.PeftModel.from_pretrained(base, adapter).eval()
    dialogs = prompts()
    ids = [words.ids(dialog, add_generation_prompt=True) for dialog in dialogs]
    wanted = [by_torch(model, row) for row in ids]
    with model.disable_adapter():
        change = float(np.abs(by_torch(model, ids[0])[0][0] - wanted[0][0][0]).max())
    served = list(differences_of_served(url, name, model, words, dialogs, wanted))
    del model, base

    worst, answers = {"served": max(served)}, {}
    export = [arguments.bench, "adapter", "export", adapter, "--base", MODEL, "--type", "F32"]
    run(*export, "--to", "safetensors", "--output", scratch / f"{name}-folder")
    merged = transformers.AutoModelForCausalLM.from_pretrained(
        scratch / f"{name}-folder", dtype=torch.float32, attn_implementation="eager").eval()
    found = [by_torch(merged, row) for row in ids]
    worst["transformers"] = max(float(np.abs(a[0][0] - b[0][0]).max()) for a, b in zip(wanted, found))
    answers["transformers"] = sum(same(a[1], b[1], a[0]) for a, b in zip(wanted, found))
    del merged, found

    run(*export, "--to", "gguf", "--output", scratch / f"{name}.gguf")
    other = LlamaCpp(scratch / f"{name}.gguf", words.space)
    differences, others, answers["llama.cpp"] = [], [], 0
    for row, (logits, tokens) in zip(ids, wanted):
        logprobs = logits[0] - np.logaddexp.reduce(logits[0])
        differences.append(float(np.abs(other.logprobs(row, len(logprobs)) - logprobs).max()))
        answer = other.answer(row)
        is_same = same(tokens, answer, logits)
        answers["llama.cpp"] += is_same
        if not is_same:
            others.append({"wanted": tokens, "found": answer})
    worst["llama.cpp"] = max(differences)
    shutil.rmtree(scratch / f"{name}-folder")
    (scratch / f"{name}.gguf").unlink()
    print(json.dumps({
        "adapter": name, "largest_change_of_a_logit": round(change, 3),
        "largest_difference": {program: float(f"{value:.2g}") for program, value in worst.items()},
        "tokens_served": len(served),
        "other_answers_of_llama.cpp": others,
        "same_answers_of": {program: f"{count} of {len(ids)}" for program, count in answers.items()}}), flush=True)
    return max(worst.values()) < TOLERANCE and all(count == len(ids) for count in answers.values())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
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
        words = Words(torch_peers.decoded(sys.executable))
        with serve(arguments, folders, scratch) as url:
            results = [check(name, folder, url, words, arguments, scratch) for name, folder in folders.items()]
    if not all(results):
        sys.exit("error: they do not agree")
    print("all agree")


if __name__ == "__main__":
    main()
