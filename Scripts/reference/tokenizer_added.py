"""Writes Tests/Fixtures/tokenizer/json/added*: a small vocabulary with added tokens that take in the space around them or stand
for themselves only between words, and the ids that the `tokenizers` library gives.

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


def texts():
    source = random.Random(SEED)
    return ["".join(source.choice(PARTS) for _ in range(source.randint(1, 9))) for _ in range(400)]


if __name__ == "__main__":
    vocabulary = json.loads((FIXTURES / "gpt-2-tiny.json").read_text())["vocabulary"]
    tokens = {t: i for i, t in enumerate(vocabulary["tokens"][:-1])}
    merges = [tuple(merge.split(" ")) for merge in vocabulary["merges"]]
    for name, special, normalizer in [("added", False, None), ("added-special", True, None), ("added-nfc", False, normalizers.NFC())]:
        tokenizer = Tokenizer(models.BPE(tokens, merges))
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        if normalizer:
            tokenizer.normalizer = normalizer
        tokenizer.add_tokens([AddedToken(token, normalized=False, special=special, **rule) for token, rule in ADDED])
        (FIXTURES / f"json/{name}.tokenizer.json").write_text(json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=True) + "\n")
        cases = [{"text": text, "ids": tokenizer.encode(text, add_special_tokens=False).ids} for text in texts()]
        text = json.dumps({"ids": [], "templates": cases}, ensure_ascii=True, separators=(",", ":")).replace("},{", "},\n{")
        (FIXTURES / f"json/{name}.json").write_text(text + "\n")
    print(len(cases), "texts, seed", SEED)
