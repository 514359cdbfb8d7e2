"""Writes Tests/Fixtures/tokenizer: texts, small vocabularies trained on them, and token ids from reference tokenisers.

    python tokenizer.py --gguf SmolLM2-135M-Instruct.Q4_1.gguf --llama3 PATH_OF_llama_models_PACKAGE_FOLDER

References: `tokenizers` (byte-level BPE), `tiktoken` through `llama_models` (Llama 3), `sentencepiece`.
"""

import argparse
import base64
import json
import pathlib
import sys
import tempfile

import sentencepiece
import tiktoken
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from tokenizer_texts import CODE, EMOJI, NUMBERS, PROSE, RANDOM, SCRIPTS, TEXTS

OUT = pathlib.Path(__file__).resolve().parents[2] / "Tests/Fixtures/tokenizer"
ALL = TEXTS + RANDOM
LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")


def split(pattern):
    return pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(pattern), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


SCANNERS = {
    "gpt-2": lambda: pre_tokenizers.ByteLevel(add_prefix_space=False),
    "smollm": lambda: pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]),
    "llama-bpe": lambda: split(LLAMA3),
    "qwen2": lambda: split(QWEN2),
}


def write(name, value):
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # One array element a line where it helps a reviewer, and no raw line separators inside the file.
    text = text.replace("],[", "],\n[").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").replace("\x7f", "\\u007f")
    (OUT / name).write_text(text + "\n", encoding="utf-8")


def conversation(marks):
    """Template text and user text in turn, the latter always innocent: the joined text is the reference's input."""
    return [marks["start"] + "system" + marks["end"] + "Be brief." + marks["stop"], marks["start"] + "user" + marks["end"] + "\n\n 2+2? " + marks["stop"] + "\n" + marks["stop"], marks["stop"] + " x" + marks["start"] + marks["start"] + "it" + marks["end"] + "'s"]


CHATML = {"start": "<|im_start|>", "end": "\n", "stop": "<|im_end|>"}
LLAMA = {"start": "<|start_header_id|>", "end": "<|end_header_id|>", "stop": "<|eot_id|>"}


def byte_level(pre, vocab, merges):
    tokenizer = Tokenizer(models.BPE(vocab, merges, ignore_merges=pre == "llama-bpe"))
    tokenizer.pre_tokenizer = SCANNERS[pre]()
    tokenizer.decoder = decoders.ByteLevel()
    if pre == "qwen2":
        tokenizer.normalizer = normalizers.NFC()
    return tokenizer


def reference(plain, with_special, templates):
    return {
        "ids": [plain.encode(text, add_special_tokens=False).ids for text in ALL],
        "templates": [{"text": text, "ids": with_special.encode(text, add_special_tokens=False).ids} for text in templates],
    }


def tiny_byte_level(pre):
    control = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = SCANNERS[pre]()
    corpus = PROSE + CODE + SCRIPTS + EMOJI + NUMBERS + PROSE
    trained.train_from_iterator(corpus, trainers.BpeTrainer(
        vocab_size=640, special_tokens=control, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    model = json.loads(trained.to_str())["model"]
    merges = [tuple(m) if isinstance(m, list) else tuple(m.split(" ")) for m in model["merges"]]
    tokens = sorted(model["vocab"], key=model["vocab"].get)
    types = [3 if t in control else 1 for t in tokens]
    # A user-defined token is found in any text, a user's included.
    tokens.append("<tool>")
    types.append(4)
    vocab = {t: i for i, t in enumerate(tokens)}
    plain, special = byte_level(pre, vocab, merges), byte_level(pre, vocab, merges)
    plain.add_tokens([AddedToken("<tool>", normalized=False)])
    special.add_tokens([AddedToken("<tool>", normalized=False)])
    special.add_special_tokens([AddedToken(t, normalized=False) for t in control])
    write(f"{pre}-tiny.json", {
        "vocabulary": {"model": "gpt2", "pre": pre, "tokens": tokens, "types": types, "merges": [" ".join(m) for m in merges], "bos": 1, "eos": 2},
        **reference(plain, special, conversation(CHATML) + ["<tool>a<|im_end|><tool>"]),
    })


def tiny_sentencepiece(name, byte_fallback, prefix, keeps_model=False):
    with tempfile.TemporaryDirectory() as folder:
        corpus = pathlib.Path(folder) / "corpus.txt"
        corpus.write_text("\n".join(PROSE + CODE + SCRIPTS + NUMBERS + PROSE).replace("\0", ""), encoding="utf-8")
        sentencepiece.SentencePieceTrainer.train(
            input=str(corpus), model_prefix=folder + "/m", model_type="bpe", vocab_size=1100, byte_fallback=byte_fallback,
            character_coverage=0.98, normalization_rule_name="identity", remove_extra_whitespaces=False,
            add_dummy_prefix=prefix, split_digits=True, allow_whitespace_only_pieces=True,
            user_defined_symbols=["<tool>", "==>"], control_symbols=["<|turn|>"], num_threads=1, minloglevel=2)
        sp = sentencepiece.SentencePieceProcessor(model_file=folder + "/m.model")
        if keeps_model:
            (OUT / f"{name}.model").write_bytes(pathlib.Path(folder + "/m.model").read_bytes())
    count = sp.get_piece_size()
    kind = lambda i: 2 if sp.is_unknown(i) else 3 if sp.is_control(i) else 6 if sp.is_byte(i) else 4 if sp.id_to_piece(i) in ("<tool>", "==>") else 5 if sp.is_unused(i) else 1
    write(f"{name}.json", {
        "vocabulary": {"model": "llama", "tokens": [sp.id_to_piece(i) for i in range(count)], "types": [kind(i) for i in range(count)], "scores": [sp.get_score(i) for i in range(count)], "bos": sp.bos_id(), "eos": sp.eos_id(), "unknown": sp.unk_id(), "spacePrefix": prefix},
        "ids": [sp.encode(text) for text in ALL],
        "templates": [],
    })


def tiny_tiktoken():
    """A Llama 3 tokenizer file of 256 bytes and 200 merges, in the published layout."""
    from tiktoken._educational import bpe_train
    ranks = bpe_train("\n".join(PROSE + CODE + SCRIPTS), 456, LLAMA3, visualise=None)
    (OUT / "llama3-tiny.model").write_text("".join(f"{base64.b64encode(t).decode()} {r}\n" for t, r in sorted(ranks.items(), key=lambda p: p[1])))
    named = ["<|begin_of_text|>", "<|end_of_text|>", "<|reserved_special_token_0|>", "<|reserved_special_token_1|>", "<|finetune_right_pad_id|>", "<|step_id|>", "<|start_header_id|>", "<|end_header_id|>", "<|eom_id|>", "<|eot_id|>", "<|python_tag|>", "<|image|>"]
    named += [f"<|reserved_special_token_{i}|>" for i in range(2, 246)]
    return tiktoken.Encoding("tiny", pat_str=LLAMA3, mergeable_ranks=ranks, special_tokens={n: len(ranks) + i for i, n in enumerate(named)})


def tiktoken_reference(name, encoding):
    write(name, {
        "ids": [encoding.encode(text, disallowed_special=()) for text in ALL],
        "templates": [{"text": text, "ids": encoding.encode(text, allowed_special="all")} for text in conversation(LLAMA)],
    })


def smollm2(path):
    from gguf import GGUFReader
    fields = GGUFReader(path).fields
    value = lambda key: fields["tokenizer.ggml." + key].contents()
    tokens, types = value("tokens"), value("token_type")
    vocab = {t: i for i, t in enumerate(tokens)}
    merges = [tuple(m.split(" ")) for m in value("merges")]
    plain, special = byte_level("smollm", vocab, merges), byte_level("smollm", vocab, merges)
    special.add_special_tokens([AddedToken(t, normalized=False) for t, k in zip(tokens, types) if k == 3])
    write("smollm2.json", reference(plain, special, conversation(CHATML)))


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--gguf", required=True)
    arguments.add_argument("--llama3", required=True)
    arguments = arguments.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    write("texts.json", ALL)
    for pre in SCANNERS:
        tiny_byte_level(pre)
    tiny_sentencepiece("sentencepiece-tiny", byte_fallback=True, prefix=True, keeps_model=True)
    tiny_sentencepiece("sentencepiece-unknown-tiny", byte_fallback=False, prefix=False)
    tiktoken_reference("llama3-tiny.json", tiny_tiktoken())
    smollm2(arguments.gguf)
    sys.path.insert(0, arguments.llama3)
    from llama_models.llama3.tokenizer import Tokenizer as Llama3
    tiktoken_reference("llama3.json", Llama3.get_instance().model)
    print(len(TEXTS), "texts,", len(RANDOM), "random ones")
