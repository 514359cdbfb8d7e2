#!/usr/bin/env python3
"""Records what llama.cpp says about the default model, as the data that our own engine is compared with.

    fidelity.py greedy     --bin FOLDER --model FILE.gguf --exact FILE-F32.gguf > Tests/Fixtures/fidelity/greedy.json
    fidelity.py perplexity --bin FOLDER --text FILE FILE.gguf ...          > Tests/Fixtures/fidelity/perplexity.json

FOLDER holds llama-server, llama-perplexity and llama-quantize: Scripts/setup-peers.sh makes them. The exact file is the
same model with its weights widened to F32 (`llama-quantize --allow-requantize Q4_1.gguf F32.gguf F32`): llama.cpp rounds
activations to 8 bits for a Q4_1 file and does not for this one, so where the two disagree no engine is wrong.
"""

import argparse
import array
import contextlib
import hashlib
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request

TOKENS_PER_CONTINUATION = 64
THREADS = 2
# For the F32 file nothing is rounded that need not be.
EXACT_OPTIONS = ["--flash-attn", "off", "--cache-type-k", "f32", "--cache-type-v", "f32"]

BASE_PROMPTS = {
    "capital": "The capital of France is",
    "photosynthesis": "Photosynthesis is the process by which plants",
    "story": "Once upon a time, in a village at the edge of a great forest, there lived",
    "python": "def fibonacci(n):\n    \"\"\"Return the n-th Fibonacci number.\"\"\"\n",
    "swift": "struct Point {\n    var x: Double\n    var y: Double\n\n    func distance(to other: Point) -> Double {\n",
    "json": "{\"name\": \"Ada Lovelace\", \"born\": 1815, \"occupation\":",
    "numbers": "1, 1, 2, 3, 5, 8, 13, 21,",
    "list": "Ingredients for pancakes:\n- 2 cups of flour\n- 2 eggs\n-",
    "french": "La Révolution française a commencé en",
    "unicode": "The Greek alphabet begins α, β, γ, δ, and the emoji 🙂 means",
}
CHAT_PROMPTS = {
    "greeting": ("", "Hello! Who are you?"),
    "arithmetic": ("", "What is 2 + 2?"),
    "colors": ("", "Name the three primary colors."),
    "explain": ("You are a patient teacher.", "Explain why the sky is blue to a ten-year-old."),
    "poem": ("", "Write a short poem about the sea."),
    "email": ("You write business letters.", "Decline an invitation to a conference, politely."),
    "code": ("", "Write a Python function that reverses a string."),
    "summary": ("", "Summarize in one sentence: The mitochondrion is an organelle found in the cells of most "
                    "eukaryotes. It makes most of the cell's supply of ATP, its source of chemical energy."),
    "spaces": ("Answer briefly.", "   What   does\tthis mean?\n\n\n"),
    "steps": ("", "List five steps to plan a garden."),
}
DEFAULT_SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"


def chatml(system, user):
    return (f"<|im_start|>system\n{system or DEFAULT_SYSTEM}<|im_end|>\n"
            f"<|im_start|>user\n{user}<|im_end|>\n<|im_start|>assistant\n")


def prompts():
    yield from (("base", name, prompt) for name, prompt in BASE_PROMPTS.items())
    yield from (("chat", name, chatml(*prompt)) for name, prompt in CHAT_PROMPTS.items())


# MARK: greedy continuations

def greedy(arguments):
    pieces = {}
    with server(arguments.bin, arguments.model) as ask:
        rows = [continuation(ask, pieces, *prompt) for prompt in prompts()]
    with server(arguments.bin, arguments.exact, *EXACT_OPTIONS) as ask:
        for row in rows:
            row["exact_tokens"] = continuation(ask, pieces, row["kind"], row["name"], row["prompt"])["tokens"]
    return {
        "about": "Greedy continuations by llama.cpp's server. prompt is tokenised with special tokens recognised and "
                 "nothing added. margins[i] is the log-probability of tokens[i] minus that of the runner-up: where two "
                 "engines part at a small margin, rounding decided. exact_tokens come from the same weights widened to "
                 "F32, computed in F32 throughout. A continuation ends after tokens_per_continuation tokens or with "
                 "the end-of-turn token, which it includes. pieces has the text of each of these tokens; a part of a "
                 "character shows as U+FFFD.",
        "model": description(arguments.model),
        "exact_model": description(arguments.exact),
        "llama_cpp": version(arguments.bin),
        "request": request(""),
        "tokens_per_continuation": TOKENS_PER_CONTINUATION,
        "made_by": "Scripts/reference/fidelity.py greedy",
        "pieces": {str(token): pieces[token] for token in sorted(pieces)},
        "continuations": rows,
    }


def request(prompt):
    return {
        "prompt": prompt, "n_predict": TOKENS_PER_CONTINUATION, "temperature": 0, "top_k": 1, "repeat_penalty": 1.0,
        "presence_penalty": 0.0, "frequency_penalty": 0.0, "seed": 1, "cache_prompt": False, "return_tokens": True,
        "n_probs": 2,
    }


def continuation(ask, pieces, kind, name, prompt):
    tokens = ask("/tokenize", {"content": prompt, "add_special": False, "parse_special": True})["tokens"]
    answer = ask("/completion", request(prompt))
    if answer["tokens_evaluated"] != len(tokens):
        sys.exit(f"{name}: the server evaluated {answer['tokens_evaluated']} tokens, not the {len(tokens)} recorded")
    margins = []
    for chosen, step in zip(answer["tokens"], answer["completion_probabilities"]):
        best, second = (entry["logprob"] for entry in step["top_logprobs"])
        if step["id"] != chosen or step["top_logprobs"][0]["id"] != chosen:
            sys.exit(f"{name}: token {chosen} was not the likeliest")
        margins.append(round(best - second, 4))
        pieces[chosen] = bytes(step["bytes"]).decode(errors="replace")
    return {
        "name": name, "kind": kind, "prompt": prompt, "prompt_tokens": tokens, "tokens": answer["tokens"],
        "text": answer["content"], "stopped_by": answer["stop_type"], "margins": margins,
    }


@contextlib.contextmanager
def server(folder, model, *options):
    """Runs llama-server on a free port and gives a function that posts JSON to it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [os.path.join(folder, "llama-server"), "--model", model, "--host", "127.0.0.1", "--port", str(port),
         "--threads", str(THREADS), "--parallel", "1", "--ctx-size", "2048", *options],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def ask(path, body=None):
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, headers)) as reply:
            return json.load(reply)

    try:
        wait_until_ready(ask, process)
        yield ask
    finally:
        process.terminate()
        process.wait()


def wait_until_ready(ask, process):
    for _ in range(600):
        if process.poll() is not None:
            sys.exit(f"llama-server ended with status {process.returncode}")
        try:
            ask("/health")
            return
        except OSError:
            time.sleep(0.1)
    sys.exit("llama-server was not ready within a minute")


# MARK: perplexity

def perplexity(arguments):
    with open(arguments.text, "rb") as file:
        text = file.read()
    # llama-perplexity drops one newline at the end of its file.
    evaluated = text[:-1] if text.endswith(b"\n") else text
    with server(arguments.bin, arguments.models[0]) as ask:
        tokens = ask("/tokenize", {"content": evaluated.decode(), "add_special": False, "parse_special": True})["tokens"]
    return {
        "about": "Perplexity by llama-perplexity. The text (less its last newline) is tokenised whole, nothing added, and cut "
                 "into chunks of n_ctx tokens; what is left over at the end is not used. Each chunk is evaluated from an "
                 "empty cache. Scored are its tokens at positions n_ctx/2 + 1 to n_ctx - 1 (from 0), each given all before "
                 "it in the chunk. Perplexity is exp of the mean negative log-likelihood over all chunks; running[i] is "
                 "that over chunks 0 to i.",
        "text": {"file": os.path.basename(arguments.text), "bytes": len(text), "sha256": hashlib.sha256(text).hexdigest()},
        "tokens": {
            "count": len(tokens), "first": tokens[:16], "last": tokens[-16:],
            "sha256_of_little_endian_int32": hashlib.sha256(array.array("i", tokens).tobytes()).hexdigest(),
        },
        "llama_cpp": version(arguments.bin),
        "made_by": "Scripts/reference/fidelity.py perplexity",
        "n_ctx": 512,
        "results": [perplexity_of(arguments, model) for model in arguments.models],
    }


def perplexity_of(arguments, model):
    exact = EXACT_OPTIONS if "F32" in os.path.basename(model) else []
    options = ["-c", "512", "-t", str(THREADS), *exact]
    run = subprocess.run(
        [os.path.join(arguments.bin, "llama-perplexity"), "-m", model, "-f", arguments.text, *options],
        capture_output=True, text=True, check=True)
    said = run.stdout + run.stderr
    value, error = re.search(r"Final estimate: PPL = ([\d.]+) \+/- ([\d.]+)", said).groups()
    return {
        "model": description(model),
        "command": " ".join(["llama-perplexity", "-m", os.path.basename(model), "-f", "text.txt", *options]),
        "perplexity": float(value), "standard_error": float(error),
        "running": [float(entry) for entry in re.findall(r"\[\d+\]([\d.]+),", said)],
    }


# MARK: what was used

def description(model):
    digest = hashlib.sha256()
    with open(model, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return {"file": os.path.basename(model), "sha256": digest.hexdigest()}


def version(folder):
    run = subprocess.run([os.path.join(folder, "llama-server"), "--version"], capture_output=True, text=True, check=True)
    return {
        "version": re.search(r"version: (.*)", run.stdout + run.stderr).group(1),
        "from": "the source inside PyPI's llama-cpp-python 0.3.36", "threads": THREADS,
        "cpu_features": cpu_features(),
    }


def cpu_features():
    """The features that decide which of llama.cpp's kernels run."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        flags = re.search(r"flags\s*:(.*)", file.read()).group(1).split()
    return sorted(flag for flag in flags if flag in {"avx2", "fma", "f16c", "avx512f", "avx512_vnni", "avx512_bf16"})


def main():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("greedy", "perplexity"):
        command = commands.add_parser(name)
        command.add_argument("--bin", required=True)
        if name == "greedy":
            command.add_argument("--model", required=True)
            command.add_argument("--exact", required=True)
        else:
            command.add_argument("--text", required=True)
            command.add_argument("models", nargs="+")
    arguments = parser.parse_args()
    result = greedy(arguments) if arguments.command == "greedy" else perplexity(arguments)
    text = json.dumps(result, ensure_ascii=False, indent=1)
    # Lists of numbers on one line: a diff then shows one line for each row that changed.
    print(re.sub(r"\[[\s\d.,e+-]+\]", lambda list: re.sub(r"\s+", " ", list.group()).replace("[ ", "[").replace(" ]", "]"), text))


if __name__ == "__main__":
    main()
