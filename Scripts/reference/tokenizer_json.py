"""Writes Tests/Fixtures/tokenizer/json: the small vocabularies of Tests/Fixtures/tokenizer as `tokenizer.json` files, in the
forms that published models use, and the ids that the `tokenizers` library gives for the texts.

    python tokenizer_json.py
"""

import json
import pathlib

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from tokenizer import CHATML, LLAMA3, QWEN2, conversation

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "Tests/Fixtures/tokenizer"
OUT = FIXTURES / "json"
TEXTS = json.loads((FIXTURES / "texts.json").read_text())
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def split(pattern):
    return pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def write(name, tokenizer, added, templates, lines=False):
    """`added`: (token, special). The plain one does not know the special tokens: what a user's text is compared with."""
    plain = Tokenizer.from_str(tokenizer.to_str())
    plain.add_tokens([AddedToken(token, normalized=False) for token, special in added if not special])
    tokenizer.add_special_tokens([AddedToken(token, normalized=False) for token, special in added if special])
    tokenizer.add_tokens([AddedToken(token, normalized=False) for token, special in added if not special])
    content = json.loads(tokenizer.to_str())
    if lines:
        content["model"]["merges"] = [" ".join(pair) for pair in content["model"]["merges"]]
    ids = {
        "ids": [plain.encode(text, add_special_tokens=False).ids for text in TEXTS],
        "templates": [
            {"text": text, "ids": tokenizer.encode(text, add_special_tokens=False).ids} for text in templates]}
    (OUT / f"{name}.tokenizer.json").write_text(json.dumps(content, ensure_ascii=len(name) % 2 == 0) + "\n")
    text = json.dumps(ids, separators=(",", ":")).replace("],[", "],\n[")
    (OUT / f"{name}.json").write_text(text + "\n")
    print(name, len(content["model"]["vocab"]), len(content["model"]["merges"]))


def byte_level(name, source, pre_tokenizer, normalizer=None, ignore_merges=False, **more):
    vocabulary = json.loads((FIXTURES / f"{source}.json").read_text())["vocabulary"]
    control = [t for t, kind in zip(vocabulary["tokens"], vocabulary["types"]) if kind == 3]
    tokens = {t: i for i, t in enumerate(vocabulary["tokens"])}
    del tokens["<tool>"]  # the last; added
    merges = [tuple(merge.split(" ")) for merge in vocabulary["merges"]]
    tokenizer = Tokenizer(models.BPE(tokens, merges, ignore_merges=ignore_merges))
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    if normalizer:
        tokenizer.normalizer = normalizer
    if name == "llama3":
        tokenizer.post_processor = processors.Sequence([
            processors.ByteLevel(trim_offsets=False),
            processors.TemplateProcessing("<|im_start|> $A", "<|im_start|> $A $B", [("<|im_start|>", 1)])])
    write(
        name, tokenizer, [(t, True) for t in control] + [("<tool>", False)],
        conversation(CHATML) + ["<tool>a<|im_end|><tool>"], **more)


def sentencepiece(name, normalizer, pre_tokenizer, **more):
    vocabulary = json.loads((FIXTURES / "sentencepiece-tiny.json").read_text())["vocabulary"]
    tokens, types, scores = vocabulary["tokens"], vocabulary["types"], vocabulary["scores"]
    ids = {t: i for i, t in enumerate(tokens)}
    # As converters do: every way to cut a piece into two, best piece first.
    merges = []
    for token in sorted((t for t, kind in zip(tokens, types) if kind == 1), key=lambda t: -scores[ids[t]]):
        cuts = [(token[:i], token[i:]) for i in range(1, len(token)) if token[:i] in ids and token[i:] in ids]
        merges += sorted(cuts, key=lambda pair: (ids[pair[0]], ids[pair[1]]))
    tokenizer = Tokenizer(models.BPE(ids, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    if normalizer:
        tokenizer.normalizer = normalizer
    if pre_tokenizer:
        tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.Sequence([
        decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    tokenizer.post_processor = processors.TemplateProcessing("<s> $A", "<s> $A <s> $B", [("<s>", ids["<s>"])])
    added = [(t, kind != 4) for t, kind in zip(tokens, types) if kind in (2, 3, 4)]
    write(name, tokenizer, added, ["<s>[INST] 2+2? [/INST]", "<s> a</s><s>b", "a<tool>b <tool> c", " a<|turn|>"], **more)


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    byte_level("gpt2", "gpt-2-tiny", pre_tokenizers.ByteLevel(add_prefix_space=False), lines=True)
    byte_level("gpt2-split", "gpt-2-tiny", split(GPT2))
    byte_level("smollm", "smollm-tiny", pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]))
    byte_level("llama3", "llama-bpe-tiny", split(LLAMA3), ignore_merges=True)
    byte_level("qwen2", "qwen2-tiny", split(QWEN2), normalizers.NFC(), lines=True)
    prepend = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    sentencepiece("llama2", prepend, None, lines=True)
    sentencepiece("no-prefix", normalizers.Replace(" ", "▁"), None)
    sentencepiece("gemma", normalizers.Replace(" ", "▁"), pre_tokenizers.Split(" ", "merged_with_previous"))
    sentencepiece("mistral", None, pre_tokenizers.Metaspace("▁", "first", False))
    sentencepiece("metaspace", None, pre_tokenizers.Metaspace("▁", "always", True))
