#!/usr/bin/env python3
"""One peer's steps of training, as a JSON line: train_step.py FOLDER --method lora|dora|full|qlora|dpo [options].

Random tokens, all of which carry loss; two steps that are not counted. `bench-train.py` starts it.
"""
import argparse
import json
import statistics
import time

parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("--method", default="lora")
parser.add_argument("--dtype", default="f32", choices=["f32", "bf16"])
parser.add_argument("--batch", type=int, default=4)
parser.add_argument("--length", type=int, default=256)
parser.add_argument("--prompt", type=int, default=128)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--steps", type=int, default=5)
parser.add_argument("--checkpointing", action="store_true")
parser.add_argument("--chunked", action="store_true", help="the loss in chunks of 256 rows, as TRL makes it")
a = parser.parse_args()
WARMUP = 2

import peft
import torch
import transformers

torch.set_num_threads(a.threads)
torch.manual_seed(0)
dtype = {"f32": torch.float32, "bf16": torch.bfloat16}[a.dtype]


def status(key):
    with open("/proc/self/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith(key))


def reset_peak():
    """So that reading the model, which the peer does in another form, does not count."""
    with open("/proc/self/clear_refs", "w", encoding="utf-8") as file:
        file.write("5")


def adapter():
    return peft.LoraConfig(
        r=8, lora_alpha=16, target_modules=["q_proj", "v_proj"], use_dora=a.method == "dora", task_type="CAUSAL_LM")


def load():
    options = {}
    if a.method == "qlora":
        options = {"device_map": "cpu", "quantization_config": transformers.BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=dtype)}
    model = transformers.AutoModelForCausalLM.from_pretrained(a.folder, dtype=dtype, attn_implementation="sdpa", **options)
    model.config.use_cache = False
    return model


def report(seconds, processor, counted, losses):
    print(json.dumps({
        "method": a.method, "dtype": a.dtype, "tokens_per_second": counted / statistics.median(seconds),
        "tokens_per_processor_second": counted / statistics.median(processor), "peak_mib": round(status("VmHWM:")),
        "losses": losses}), flush=True)


def supervised():
    model = load()
    if a.method != "full":
        model = peft.get_peft_model(model, adapter())
    if a.checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        if a.method != "full":
            model.enable_input_require_grads()
    model.train()
    trained = [x for x in model.parameters() if x.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=1e-4)
    ids = torch.randint(3, 49152, (a.batch, a.length), generator=torch.Generator().manual_seed(1))
    inner = model if a.method == "full" else model.get_base_model()

    def chunked():
        hidden = inner.model(input_ids=ids).last_hidden_state[:, :-1].reshape(-1, inner.config.hidden_size)
        targets = ids[:, 1:].reshape(-1)

        def part(rows, wanted):
            return torch.nn.functional.cross_entropy(inner.lm_head(rows).float(), wanted, reduction="sum")

        total = 0.0
        for i in range(0, len(targets), 256):
            total = total + torch.utils.checkpoint.checkpoint(
                part, hidden[i:i + 256], targets[i:i + 256], use_reentrant=False)
        return total / len(targets)

    reset_peak()
    seconds, processor, losses = [], [], []
    for step in range(WARMUP + a.steps):
        start, used = time.perf_counter(), time.process_time()
        loss = chunked() if a.chunked else model(input_ids=ids, labels=ids).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        losses.append(round(loss.item(), 4))
        if step >= WARMUP:
            seconds.append(time.perf_counter() - start)
            processor.append(time.process_time() - used)
    report(seconds, processor, a.batch * a.length, losses)


def preferences():
    import random
    import tempfile

    import datasets
    import trl

    random.seed(0)
    tokenizer = transformers.AutoTokenizer.from_pretrained(a.folder)
    texts = (tokenizer.decode([i]) for i in range(500, 4000))
    words = [w for w in texts if w.startswith(" ") and w[1:].isascii() and w[1:].isalpha() and len(tokenizer(w)["input_ids"]) == 1]

    def text(count):
        return "".join(random.choice(words) for _ in range(count))

    answer = a.length - a.prompt - 1
    rows = [{"prompt": text(a.prompt), "chosen": text(answer), "rejected": text(answer)}
            for _ in range(a.batch * (WARMUP + a.steps))]
    seconds, processor = [], []

    class Clock(transformers.TrainerCallback):
        def on_step_begin(self, *_, **__):
            self.start, self.used = time.perf_counter(), time.process_time()

        def on_step_end(self, *_, **__):
            seconds.append(time.perf_counter() - self.start)
            processor.append(time.process_time() - self.used)

    with tempfile.TemporaryDirectory() as folder:
        settings = trl.DPOConfig(
            output_dir=folder, per_device_train_batch_size=a.batch, max_steps=WARMUP + a.steps, learning_rate=1e-5, beta=0.1,
            logging_steps=1, report_to=[], use_cpu=True, bf16=False, fp16=False, gradient_checkpointing=a.checkpointing,
            max_length=a.length, save_strategy="no", dataloader_pin_memory=False, disable_tqdm=True)
        trainer = trl.DPOTrainer(
            model=load(), args=settings, train_dataset=datasets.Dataset.from_list(rows), processing_class=tokenizer,
            peft_config=adapter(), callbacks=[Clock()])
        reset_peak()
        trainer.train()
    losses = [round(row["loss"], 4) for row in trainer.state.log_history if "loss" in row]
    report(seconds[WARMUP:], processor[WARMUP:], 2 * a.batch * a.length, losses)


preferences() if a.method == "dpo" else supervised()
