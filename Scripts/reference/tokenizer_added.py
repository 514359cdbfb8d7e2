"""Writes Tests/Fixtures/tokenizer/json/added*: small vocabularies with added tokens that take in the space around them, stand for
themselves only between words or are looked for in normalised text, and the ids that the `tokenizers` library gives.

    python tokenizer_added.py
"""

import json
import pathlib
import random

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "Tests/Fixtures/tokenizer"
SEED = 20261128
ADDED = [
    ("<left>", dict(lstrip=True)), ("<right>", dict(rstrip=True)), ("<both>", dict(lstrip=True, rstrip=True)),
    ("<word>", dict(single_word=True)), ("word", dict(single_word=True)), ("<all>", dict(lstrip=True, rstrip=True, single_word=True)),
]
PARTS = [token for token, _ in ADDED] + [
    "word", "<both", " ", "  ", "\n", "\t", "\u00a0", "\u3000", "\u2028", "a", "Z", "_", "9", "\u0665", "\u00bd", "\u00e9", "\u0301", "\u20dd", "\u200d", "\u200b",
    "-", "\u4e2d", "\u24d0", "\U0001f642", "\u203f", ".",
]


# The second begins inside the first, and the one that is not normalised is looked for first; the fourth is not in form NFC.
NORMALIZED = [("<ab", dict(normalized=True)), ("b c>", dict(normalized=False)), ("<n n>", dict(normalized=True)), ("e\u0301>", dict(normalized=True)), ("<s l>", dict(normalized=True, lstrip=True))]
# Words that cutting leaves alone: where they are no token, they are the pieces that were learned.
WORDS = [("word", dict(single_word=True)), ("Wort", dict(single_word=True, rstrip=True)), ("\U0001f642", dict(single_word=True, lstrip=True)), ("==", dict(single_word=True))]
WORDS_PARTS = [token for token, _ in WORDS] + ["a", "1", "_", " ", "\n", ".", "\u4e2d", "-", "'s"]
NORMALIZED_PARTS = [token for token, _ in NORMALIZED] + ["<ab c>", "a", "b", " ", "  ", "\u00e9>", "e", "\u0301", "\u0338", "n", ".", "\u4e2d", "\u2581"]


def texts(parts):
    source = random.Random(SEED)
    return ["".join(source.choice(parts) for _ in range(source.randint(1, 9))) for _ in range(300)]


def byte_level(normalizer=None):
    vocabulary = json.loads((FIXTURES / "gpt-2-tiny.json").read_text())["vocabulary"]
    tokens = {t: i for i, t in enumerate(vocabulary["tokens"][:-1])}
    tokenizer = Tokenizer(models.BPE(tokens, [tuple(merge.split(" ")) for merge in vocabulary["merges"]]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    if normalizer:
        tokenizer.normalizer = normalizer
    return tokenizer


def published(name):
    return Tokenizer.from_file(str(FIXTURES / f"json/{name}.tokenizer.json"))


def write(name, tokenizer, added, parts):
    tokenizer.add_tokens(added)
    (FIXTURES / f"json/{name}.tokenizer.json").write_text(json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=True) + "\n")
    cases = [{"text": text, "ids": tokenizer.encode(text, add_special_tokens=False).ids} for text in texts(parts)]
    text = json.dumps({"ids": [], "templates": cases}, ensure_ascii=True, separators=(",", ":")).replace("},{", "},\n{")
    (FIXTURES / f"json/{name}.json").write_text(text + "\n")
    print(name, len(cases), "texts, seed", SEED)


if __name__ == "__main__":
    for name, special, normalizer in [("added", False, None), ("added-special", True, None)]:
        rules = [AddedToken(token, **{"normalized": False, "special": special, **rule}) for token, rule in ADDED]
        write(name, byte_level(normalizer), rules, PARTS)
    rules = [AddedToken(token, **rule) for token, rule in NORMALIZED]
    write("added-normalized", byte_level(), rules, NORMALIZED_PARTS)
    write("added-nfc", byte_level(normalizers.NFC()), rules, NORMALIZED_PARTS)
    for name in ["llama2", "no-prefix", "mistral", "metaspace"]:
        write(f"added-{name}", published(name), rules, NORMALIZED_PARTS)
    rules = [AddedToken(token, normalized=False, **rule) for token, rule in WORDS]
    for name in ["llama3", "gemma", "llama2"]:
        write(f"added-words-{name}", published(name), rules, WORDS_PARTS)
