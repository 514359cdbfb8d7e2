#!/usr/bin/env python3
"""Makes Tests/Fixtures/training/tiny.json: gradients and steps of torch on the tiny models of Tests/Fixtures/models.

    make_tiny_training.py [--models Tests/Fixtures/models] [--out Tests/Fixtures/training/tiny.json]

Each file is decoded to f32 and trained whole on three rows of random tokens, of which the second halves carry loss. Written
are the loss, and for each tensor the norm of its gradient and a few of its values; and, for one model, losses and values
after three steps of each of torch's optimisers, with decay on matrices. Rows of queries and keys are in the file's order.
Needs: torch transformers gguf numpy.
"""
import argparse
import json
import pathlib

import torch
from make_tiny_models import VOCABULARY, families, heads_of, gguf_name, interleaved, read_back

LENGTHS = [12, 9, 17]
RATES = {"adam": 1e-3, "adamw": 1e-3, "sgd": 1e-2}
DECAY, STEPS, PLACES = 0.1, 3, 4


class SplitMix64:
    def __init__(self, seed):
        self.state = seed

    def unit(self):
        mask = (1 << 64) - 1
        self.state = (self.state + 0x9E3779B97F4A7C15) & mask
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        return ((z ^ (z >> 31)) >> 11) * 2.0**-53


def rows():
    random = SplitMix64(1)
    return [[int(random.unit() * VOCABULARY) for _ in range(length)] for length in LENGTHS]


def loss_of(model):
    total, count = 0.0, 0
    for row in rows():
        logits = model(torch.tensor([row])).logits[0]
        first = len(row) // 2
        total = total + torch.nn.functional.cross_entropy(logits[first - 1:-1], torch.tensor(row[first:]), reduction="sum")
        count += len(row) - first
    return total / count


def sample(name, tensor, model, architecture):
    """The values at a few places, in the order of the file."""
    data = tensor.detach().numpy()
    heads = heads_of(gguf_name(name), model.config)
    if architecture == "llama" and heads:
        data = interleaved(data, heads)
    flat = data.reshape(-1)
    return [float(flat[place * (len(flat) - 1) // (PLACES - 1)]) for place in range(PLACES)]


def load(entry, folder):
    name, architecture, kind, config, _ = entry
    model = kind(config).eval()
    model.load_state_dict(read_back(folder / f"{name}.gguf", model, architecture))
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default="Tests/Fixtures/models", type=pathlib.Path)
    parser.add_argument("--out", default="Tests/Fixtures/training/tiny.json", type=pathlib.Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    gradients = {}
    for entry in families():
        model = load(entry, arguments.models)
        loss = loss_of(model)
        loss.backward()
        gradients[entry[0]] = {"loss": loss.item(), "tensors": {
            name: {"norm": float(value.grad.double().norm()), "sample": sample(name, value.grad, model, entry[1])}
            for name, value in model.named_parameters()}}
        print(entry[0], loss.item(), len(gradients[entry[0]]["tensors"]))
    optimisers = {}
    entry = next(entry for entry in families() if entry[0] == "llama31")
    for kind, rate in RATES.items():
        model = load(entry, arguments.models)
        groups = [
            {"params": [x for x in model.parameters() if x.dim() > 1], "weight_decay": DECAY},
            {"params": [x for x in model.parameters() if x.dim() == 1], "weight_decay": 0.0}]
        made = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}[kind](groups, lr=rate)
        losses = []
        for _ in range(STEPS):
            loss = loss_of(model)
            loss.backward()
            made.step()
            made.zero_grad()
            losses.append(loss.item())
        optimisers[kind] = {"rate": rate, "decay": DECAY, "losses": losses, "values": {
            name: sample(name, value, model, entry[1]) for name, value in model.named_parameters()}}
        print(kind, losses)
    lines = [json.dumps(name) + ": " + json.dumps(value) for name, value in gradients.items()]
    steps = [json.dumps(name) + ": " + json.dumps(value) for name, value in optimisers.items()]
    arguments.out.write_text(
        '{"gradients": {\n' + ",\n".join(lines) + '},\n"optimisers": {\n' + ",\n".join(steps) + "}}\n")


if __name__ == "__main__":
    main()
