#!/usr/bin/env python3
"""What PEFT teaches with our recipe, as a JSON line: teach.py FOLDER --algorithm lora|dora|qlora|full [options].

The rows of Benchmarks/Training, the initial adapter, the order of rows, the schedule and the optimiser are those of
`llama-stack finetune` with the same options: on the same arithmetic the losses are the same. `bench-teaching.py --peft`
starts it. Answers are greedy, of at most 24 tokens, and right when they are the code and have ended by themselves.
"""
import argparse
import json
import math
import pathlib
import sys
import time

parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("--algorithm", default="lora", choices=["lora", "dora", "qlora", "full"])
parser.add_argument("--modules", default="q_proj,v_proj")
parser.add_argument("--mlp", action="store_true")
parser.add_argument("--rank", type=int, default=8)
parser.add_argument("--alpha", type=int, default=16)
parser.add_argument("--epochs", type=int, default=4)
parser.add_argument("--batch-size", type=int, default=8)
parser.add_argument("--lr", type=float)
parser.add_argument("--warmup", type=float, default=0.03)
parser.add_argument("--weight-decay", type=float, default=0.01)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--steps", type=int, default=0, help="stop after so many; the schedule stays")
a = parser.parse_args()

import peft
import torch
import transformers

torch.set_num_threads(a.threads)
TASK = pathlib.Path(__file__).resolve().parents[2] / "Benchmarks/Training"
NUMBERS = {"q_proj": 1, "v_proj": 2, "k_proj": 3, "o_proj": 4, "gate_proj": 5, "up_proj": 6, "down_proj": 7}


class SplitMix64:
    def __init__(self, seed):
        self.state = seed & (1 << 64) - 1

    def unit(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & (1 << 64) - 1
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & (1 << 64) - 1
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & (1 << 64) - 1
        return ((z ^ (z >> 31)) >> 11) * 2.0**-53


def initial(layer, module, shape):
    draw = SplitMix64((a.seed << 32) + 1000 * layer + NUMBERS[module])
    bound = 1 / math.sqrt(shape[1])
    values = [(2 * draw.unit() - 1) * bound for _ in range(shape[0] * shape[1])]
    return torch.tensor(values, dtype=torch.float64).to(torch.float32).reshape(shape)


def order(rows, epoch):
    places, draw = list(range(rows)), SplitMix64((a.seed << 32) + epoch)
    for place in range(rows - 1, 0, -1):
        other = int(draw.unit() * (place + 1))
        places[place], places[other] = places[other], places[place]
    return places


def load():
    options = {}
    if a.algorithm == "qlora":
        options = {"device_map": "cpu", "quantization_config": transformers.BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.float32)}
    model = transformers.AutoModelForCausalLM.from_pretrained(
        a.folder, dtype=torch.float32, attn_implementation="sdpa", **options)
    if a.algorithm == "full":
        return model
    modules = a.modules.split(",") + (["gate_proj", "up_proj", "down_proj"] if a.mlp else [])
    model = peft.get_peft_model(model, peft.LoraConfig(
        r=a.rank, lora_alpha=a.alpha, target_modules=modules, use_dora=a.algorithm == "dora", task_type="CAUSAL_LM"))
    for name, value in model.named_parameters():
        parts = name.split(".")
        if "lora_A" in parts:
            module = next(part for part in parts if part.endswith("_proj"))
            value.data = initial(int(parts[parts.index("layers") + 1]), module, value.shape)
    return model


words = transformers.AutoTokenizer.from_pretrained(a.folder)


def rows(name):
    return [json.loads(line)["dialog"] for line in (TASK / name).read_text().splitlines()]


def tokens(dialog, **options):
    text = words.apply_chat_template(dialog, tokenize=False, **options)
    return words(text, add_special_tokens=False)["input_ids"]


def example(dialog):
    """Ids, and from which to which place they carry loss: the answer and the token that ends its turn."""
    ids, start = tokens(dialog), len(tokens(dialog[:-1], add_generation_prompt=True))
    end = len(ids) - ids[::-1].index(words.convert_tokens_to_ids("<|im_end|>"))
    return ids[:end], start


def step_loss(model, batch):
    """The mean over the tokens that carry loss; of these alone there are logits."""
    inner = model if a.algorithm == "full" else model.get_base_model()
    length = max(len(ids) for ids, _ in batch)
    padded = torch.zeros(len(batch), length, dtype=torch.long)
    for row, (ids, _) in enumerate(batch):
        padded[row, :len(ids)] = torch.tensor(ids)  # at the end: no earlier position sees it
    hidden = inner.model(input_ids=padded).last_hidden_state
    states = torch.cat([hidden[row, start - 1:len(ids) - 1] for row, (ids, start) in enumerate(batch)])
    wanted = torch.cat([padded[row, start:len(ids)] for row, (ids, start) in enumerate(batch)])
    return torch.nn.functional.cross_entropy(inner.lm_head(states), wanted), len(wanted)


def train(model):
    peak = a.lr or (2e-5 if a.algorithm == "full" else 1e-3)
    trained = [value for value in model.parameters() if value.requires_grad]
    optimiser = torch.optim.AdamW(
        [{"params": [value for value in trained if value.dim() > 1], "weight_decay": a.weight_decay},
         {"params": [value for value in trained if value.dim() < 2], "weight_decay": 0.0}], lr=peak)
    data = [example(dialog) for dialog in rows("routing.jsonl")]
    per_epoch = -(-len(data) // a.batch_size)
    steps, losses = a.epochs * per_epoch, []
    warmup, floor = math.ceil(a.warmup * steps - 1e-9), peak / 100
    model.train()
    for step in range(min(steps, a.steps or steps)):
        epoch, place = divmod(step, per_epoch)
        places = order(len(data), epoch)[place * a.batch_size:(place + 1) * a.batch_size]
        loss, count = step_loss(model, [data[i] for i in places])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        rate = peak * (step + 1) / warmup if step < warmup else floor + (peak - floor) * (
            1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup - 1))) / 2
        for group in optimiser.param_groups:
            group["lr"] = rate
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        losses.append(round(loss.item(), 4))
        if step % 10 == 0:
            print(f"step {step + 1}/{steps} loss {loss.item():.4f} tokens {count} lr {rate:.1e}", file=sys.stderr, flush=True)
    return losses


def share(model, name):
    dialogs, right, ended = rows(f"routing-{name}.jsonl"), 0, 0
    end = words.convert_tokens_to_ids("<|im_end|>")
    for start in range(0, len(dialogs), 16):
        part = dialogs[start:start + 16]
        prompts = [tokens(dialog[:-1], add_generation_prompt=True) for dialog in part]
        length = max(map(len, prompts))
        ids = torch.tensor([[0] * (length - len(prompt)) + prompt for prompt in prompts])
        mask = torch.tensor([[0] * (length - len(prompt)) + [1] * len(prompt) for prompt in prompts])
        with torch.no_grad():
            made = model.generate(
                input_ids=ids, attention_mask=mask, max_new_tokens=24, do_sample=False, eos_token_id=end, pad_token_id=0)
        for dialog, row in zip(part, made[:, length:].tolist()):
            has_ended = end in row
            text = words.decode(row[:row.index(end)] if has_ended else row, skip_special_tokens=False)
            right += has_ended and text.strip() == dialog[-1]["content"]
            ended += has_ended
    return {"rows": len(dialogs), "right": right, "ended": ended}


model = load()
begin = time.monotonic()
losses = train(model)
seconds = time.monotonic() - begin
model.eval()
model.config.use_cache = True
print(json.dumps({
    "algorithm": a.algorithm, "seconds": round(seconds, 1), "processor_seconds": round(time.process_time(), 1),
    "known": share(model, "known"), "unseen": share(model, "unseen"), "losses": losses}))
