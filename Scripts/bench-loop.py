#!/usr/bin/env python3
"""The loop of Distributions/train.yaml in one run of the server: preferences, a reward, data, an adapter, a chat.

    Scripts/bench-loop.py [--pairs 320] [--dpo-epochs 2] [--prompts 16] [--steps 40]

1. Pairs are made of Benchmarks/Training: the code that goes with a message is chosen, another one rejected. Of the held-out
   pairs, how many are right by the base's own log-probabilities.
2. `finetune --dpo` trains an adapter on the pairs of the training rows. Of the held-out pairs, how many are right by its
   implicit reward (the model `preferred` of the distribution), and by the adapter's own log-probabilities.
3. The base writes candidates for prompts, the reward scores them, top_k keeps the best, and they become a dataset.
4. `finetune` trains an adapter on that dataset, and it answers a chat.

Prints what came out of each as a line of JSON.
"""
import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
TASK = ROOT / "Benchmarks/Training"
MODEL = "smollm2-135m-instruct"
PROMPTS = [
    "Name a bird that cannot fly.", "What is the capital of France?", "Why is the sky blue?", "Give me a word for cold.",
    "What do bees make?", "Name a fruit that is red.", "How many days has a week?", "What is frozen water called?",
    "Name a planet.", "What does a baker sell?", "Which animal says meow?", "Name a tool for digging.",
    "What is the opposite of hot?", "Name a month of summer.", "What do you drink from?", "Name a musical instrument.",
]


def rows(name):
    return [json.loads(line)["dialog"] for line in (TASK / name).read_text().splitlines()]


def pairs(name):
    """The right code is chosen; the one after it, counted on with the row's number, is rejected."""
    codes = sorted({dialog[-1]["content"] for dialog in rows("routing.jsonl")})
    made = []
    for number, dialog in enumerate(rows(name)):
        right = dialog[-1]["content"]
        wrong = codes[(codes.index(right) + 1 + number % (len(codes) - 1)) % len(codes)]
        made.append({"prompt": dialog[:-1], "chosen": right, "rejected": wrong})
    return made


def as_dialog(messages):
    return {"message": messages[-1], "message_history": messages[:-1]}


class Server:
    def __init__(self, binary, folder):
        (pathlib.Path(folder) / "data").mkdir()
        self.binary = binary
        environment = dict(os.environ, LLAMA_STACK_STATE=f"{folder}/state", LLAMA_STACK_DATA=f"{folder}/data")
        self.process = subprocess.Popen(
            [binary, "run", ROOT / "Distributions/train.yaml", "--port", "0"], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env=environment, text=True)
        ready = self.process.stdout.readline()
        if not ready.startswith("ready"):
            sys.exit("error: the server did not start; `llama-stack run Distributions/train.yaml` says why")
        self.url = "http://127.0.0.1:" + ready.split("127.0.0.1:")[1].split()[0].rstrip("/,")

    def post(self, path, body):
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=3600) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            sys.exit(f"error: {path}: {error.read().decode()[:2000]}")

    def finetune(self, *options):
        begin = time.monotonic()
        words = [str(word) for word in (self.binary, "finetune", "--url", self.url, *options)]
        done = subprocess.run(words, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"error: {' '.join(words)} ended with {done.returncode}: {done.stderr[-2000:]}")
        return round(time.monotonic() - begin, 1)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)


def by_logprobs(server, model, held_out):
    right = 0
    for pair in held_out:
        scores = server.post("/inference/score", {
            "model": model, "dialog": as_dialog(pair["prompt"]), "continuations": [pair["chosen"], pair["rejected"]]})
        chosen, rejected = (score["logprob"] for score in scores["scores"])
        right += chosen > rejected
    return right


def by_reward(server, held_out):
    answer = server.post("/reward_scoring/score", {"model": "preferred", "prompt_generations": [{
        "dialog": as_dialog(pair["prompt"]),
        "k_generations": [{"role": "assistant", "content": pair[key]} for key in ("chosen", "rejected")]}
        for pair in held_out]})
    scores = [[item["score"] for item in pair["k_scored_generations"]] for pair in answer["scored_generations"]]
    return sum(chosen > rejected for chosen, rejected in scores), sum(a - b for a, b in scores) / len(scores)


def say(**what):
    print(json.dumps(what), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=str(ROOT / ".build/release/llama-stack"))
    parser.add_argument("--pairs", type=int, default=320)
    parser.add_argument("--dpo-epochs", type=int, default=2)
    parser.add_argument("--prompts", type=int, default=len(PROMPTS))
    parser.add_argument("--steps", type=int, default=40)
    arguments = parser.parse_args()
    if not pathlib.Path(arguments.binary).exists():
        sys.exit(f"error: there is no {arguments.binary}. `make build model` makes what this needs.")
    with tempfile.TemporaryDirectory() as folder:
        server = Server(arguments.binary, folder)
        try:
            run(server, folder, arguments)
        finally:
            server.stop()


def run(server, folder, arguments):
    held_out = {name: pairs(f"routing-{name}.jsonl") for name in ("known", "unseen")}
    say(step="before", right_by_base={name: by_logprobs(server, MODEL, held_out[name]) for name in held_out},
        pairs={name: len(held_out[name]) for name in held_out})

    files = {}
    for name, made in [("pairs", pairs("routing.jsonl")[:arguments.pairs]), ("held-out", held_out["known"])]:
        files[name] = pathlib.Path(folder) / f"{name}.jsonl"
        files[name].write_text("".join(json.dumps(pair) + "\n" for pair in made))
    seconds = server.finetune(
        "--dpo", "--from", ROOT / "models/SmolLM2-135M-Instruct.Q4_1.gguf", "--dataset", files["pairs"],
        "--validation", files["held-out"], "--job", "preferences", "--epochs", arguments.dpo_epochs)
    rewards = {name: by_reward(server, held_out[name]) for name in held_out}
    say(step="dpo", pairs=arguments.pairs, epochs=arguments.dpo_epochs, seconds=seconds,
        right_by_reward={name: right for name, (right, _) in rewards.items()},
        mean_margin={name: round(margin, 3) for name, (_, margin) in rewards.items()},
        right_by_adapter={name: by_logprobs(server, f"{MODEL}@preferences", held_out[name]) for name in held_out})

    made = server.post("/synthetic_data_generation/generate", {
        "prompts": [{"role": "user", "content": text} for text in PROMPTS[:arguments.prompts]],
        "filtering_function": "top_k",
        "reward_scoring": {"model": "preferred", "k": 1, "seed": 7, "dataset_uuid": "made"}})
    statistics = made["statistics"]
    say(step="data", **{key: statistics[key] for key in ("prompts", "generated", "kept", "tokens", "seconds", "dataset")},
        score=statistics["score"])

    with urllib.request.urlopen(f"{server.url}/datasets/get?dataset_id=made") as answer:
        dataset = json.load(answer)
    url = dataset["content_url"]
    seconds = server.finetune("--dataset", url, "--job", "made", "--steps", arguments.steps, "--epochs", 1000)
    answer = server.post("/inference/chat_completion", {
        "model": f"{MODEL}@made", "dialog": {"message": {"role": "user", "content": PROMPTS[0]}}, "max_tokens": 48,
        "sampling_params": {"strategy": "greedy"}})
    say(step="lora", steps=arguments.steps, seconds=seconds, question=PROMPTS[0], answer=answer["content"],
        stop_reason=answer["stop_reason"])


if __name__ == "__main__":
    main()
