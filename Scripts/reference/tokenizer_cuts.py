"""How the `tokenizers` library cuts texts into words by the published patterns, and ids of vocabularies trained on such words.

    python tokenizer_cuts.py fixture               writes Tests/Fixtures/tokenizer/cuts.json
    python tokenizer_cuts.py cases FOLDER [SEED]   writes, for each pattern, a vocabulary and the ids of 10,000 texts (`make fuzz-tokenizers`)

The patterns are those of the published tokenizer.json and tekken.json files; `names` are what GGUF files call them.
"""

import json
import pathlib
import random
import sys
import unicodedata

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from tokenizer_texts import CODE, EMOJI, NUMBERS, PROSE, SCRIPTS, any_unicode, random_texts

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "Tests/Fixtures/tokenizer"
COUNT = 10_000

CONTRACTION = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
ENDS = r"\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3 = CONTRACTION + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|" + ENDS
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"


def cased(tail, numbers):
    lead = r"[^\r\n\p{L}\p{N}]?"
    words = f"{lead}{UPPER}*{LOWER}+{tail}|{lead}{UPPER}+{LOWER}*{tail}"
    return words + "|" + numbers + r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|" + ENDS


# Letters with two cases; some characters in it are equal to others in form NFC, so they are written by their numbers.
DEEPSEEK_LETTERS = (
    "A-Za-z\u00B5\u00C0-\u00D6\u00D8-\u00F6"
    "\u00F8-\u01BA\u01BC-\u01BF\u01C4-\u0293\u0295-\u02AF\u0370-\u0373\u0376\u0377\u037B-\u037D\u037F\u0386\u0388-"
    "\u038A\u038C\u038E-\u03A1\u03A3-\u03F5\u03F7-\u0481\u048A-\u052F\u0531-\u0556\u10A0-\u10C5\u13A0-\u13F5\u13F8-"
    "\u13FD\u1C90-\u1CBA\u1CBD-\u1CBF\u1D00-\u1D2B\u1D6B-\u1D77\u1D79-\u1D9A\u1E00-\u1F15\u1F18-\u1F1D\u1F20-\u1F45"
    "\u1F48-\u1F4D\u1F50-\u1F57\u1F59\u1F5B\u1F5D\u1F5F-\u1F7D\u1F80-\u1FB4\u1FB6-\u1FBC\u1FBE\u1FC2-\u1FC4\u1FC6-"
    "\u1FCC\u1FD0-\u1FD3\u1FD6-\u1FDB\u1FE0-\u1FEC\u1FF2-\u1FF4\u1FF6-\u1FFC\u2102\u2107\u210A-\u2113\u2115\u2119-"
    "\u211D\u2124\u2126\u2128\u212A-\u212D\u212F-\u2134\u2139\u213C-\u213F\u2145-\u2149\u214E\u2183\u2184\u2C00-"
    "\u2C7B\u2C7E-\u2CE4\u2CEB-\u2CEE\u2CF2\u2CF3\uA640-\uA66D\uA680-\uA69B\uA722-\uA76F\uA771-\uA787\uA78B-\uA78E"
    "\uAB70-\uABBF\uFB00-\uFB06\uFB13-\uFB17\uFF21-\uFF3A\uFF41-\uFF5A\U00010400-\U0001044F\U000104B0-\U000104D3"
    "\U000104D8-\U000104FB\U00010C80-\U00010CB2\U00010CC0-\U00010CF2\U000118A0-\U000118DF\U0001E900-\U0001E943"
)
DEEPSEEK_EAST = "[\u4E00-\u9FA5\u0800-\u4E00\uAC00-\uD7FF]+"
DEEPSEEK3 = "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+"
DIGITS = {"type": "Digits", "individual_digits": True}

# Names in GGUF, the steps before ByteLevel, whether ByteLevel cuts by GPT-2's pattern, NFC, whole words first.
PUBLISHED = [
    (["gpt-2"], [], True, False, False),
    (["smollm", "starcoder"], [DIGITS], True, False, False),
    (["llama-bpe"], [LLAMA3], False, False, True),
    (["smaug-bpe", "dbrx"], [LLAMA3], False, False, False),
    (["qwen2"], [LLAMA3.replace("{1,3}", "")], False, True, False),
    (["qwen35"], [CONTRACTION + r"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|" + ENDS], False, True, False),
    (["seed-coder"], [CONTRACTION + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}" + "\r\n" + r"]+|" + ENDS], False, False, False),
    (["bailingmoe"], [r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"], False, False, False),
    (["ufakzeka"], [r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|" + ENDS], False, False, False),
    (["tekken"], [cased("", r"\p{N}")], False, False, True),
    (["gpt-4o", "llama4"], [cased(CONTRACTION + "?", r"\p{N}{1,3}")], False, False, False),
    (["deepseek-coder"], [r"[" + "\r\n" + "]", r"\s?\p{L}+", r"\s?\p{P}+", DEEPSEEK_EAST, DIGITS], False, False, False),
    (["deepseek-llm"], ["[\r\n]", rf"\s?[{DEEPSEEK_LETTERS}]+", r"\s?[!-/:-~！-／：-～‘-‟　-。]+", r"\s+$", DEEPSEEK_EAST, DIGITS], False, False, False),
    (["bloom", "poro-chat"], [r" ?[^(\s|[.,!?…。，、।۔،])]+"], False, False, False),
    (["viking"], [r" ?[^(\s|[.,!?…。，、।۔،])]+", DIGITS], False, False, False),
    (["superbpe"], [r"\p{N}+", r"(?=(\d{3})+(?!\d))"], False, False, False),
    (["minicpm5"], [r"\p{N}{1,3}", LLAMA3.replace("{1,3}", "+")], False, False, True),
    (["laguna"], [r"[^\n]+|[\n]+", LLAMA3.replace("{1,3}", "")], False, False, False),
    (["deepseek-v3"], [r"\p{N}{1,3}", "[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+", DEEPSEEK3], False, False, False),
]


def steps(parts, own_pattern):
    split = lambda part: {"type": "Split", "pattern": {"Regex": part}, "behavior": "Isolated", "invert": False}
    return {"type": "Sequence", "pretokenizers": [part if isinstance(part, dict) else split(part) for part in parts] + [
        {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": own_pattern}]}


def tokenizer(parts, own_pattern, nfc, vocab=None, merges=None, ignore_merges=False):
    made = Tokenizer(models.BPE(vocab, merges, ignore_merges=ignore_merges) if vocab else models.BPE())
    document = json.loads(made.to_str())
    document["pre_tokenizer"] = steps(parts, own_pattern)
    made = Tokenizer.from_str(json.dumps(document))
    made.decoder = decoders.ByteLevel()
    if nfc:
        made.normalizer = normalizers.NFC()
    return made


def fixture():
    texts = json.loads((FIXTURES / "texts.json").read_text())
    result = []
    for names, parts, own_pattern, nfc, _ in PUBLISHED:
        cutter = tokenizer(parts, own_pattern, nfc).pre_tokenizer
        cuts = []
        for text in texts:
            ends = [span[1] for _, span in cutter.pre_tokenize_str(text)]
            starts = [0] + ends[:-1]
            cuts.append([len(text[a:b].encode()) for a, b in zip(starts, ends)])
        result.append({"names": names, "steps": steps(parts, own_pattern), "cuts": cuts})
    text = json.dumps(result, ensure_ascii=True, separators=(",", ":")).replace("],[", "],\n[").replace("},{", "},\n{")
    (FIXTURES / "cuts.json").write_text(text + "\n")
    print(len(result), "patterns,", len(texts), "texts,", len(text), "bytes")


def mixed_case(count, seed):
    """Texts in which words, signs, digits, scripts and line breaks meet in every order."""
    source = random.Random(seed)
    alphabets = [
        "abcxyz", "ABCXYZ", "aB", "éÉßǅ", "中文日本", "ひらカタ", "한국", "абвАБВ", "αΩ", "אב", "ابت", "नमस्", "ไทย", "ʰªº", "0123456789", "٣४Ⅷ½",
        "\u0301\u0308\u0e31", " ", "  \t\u00a0\u3000\u2003", "\n", "\r\n", ".,!?;:", "()[]{}<>", "/\\", "'", "'s'T're'LL'\u017f", "_-", "$+<=>^`|~", "、。「」！？",
        "\u2018\u2019\u201c\u201d\u2026", "🙂👩‍💻🇫🇷", "\u0001\u007f", "\u200b\u200d\ufeff", "#*\u20e3",
    ]
    texts = []
    for _ in range(count):
        parts = []
        for _ in range(source.randint(1, 14)):
            alphabet = source.choice(alphabets)
            parts.append("".join(source.choice(alphabet) for _ in range(source.randint(1, 4))))
        texts.append("".join(parts))
    return texts


def known_marks(text):
    """Without combining marks that are younger than the library's tables of NFC, which then orders marks otherwise."""
    return "".join(c for c in text if not unicodedata.combining(c) or unicodedata.ucd_3_2_0.combining(c))


def cases(folder, seed):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    texts = mixed_case(COUNT // 2, seed) + random_texts(COUNT // 4, seed + 1)
    texts += [known_marks(text) for text in any_unicode(COUNT - len(texts), seed + 2)]
    corpus = (PROSE + CODE + SCRIPTS + EMOJI + NUMBERS) * 3 + mixed_case(20_000, seed + 3)
    listed = []
    for names, parts, own_pattern, nfc, whole in PUBLISHED:
        trained = tokenizer(parts, own_pattern, nfc)
        trained.train_from_iterator(corpus, trainers.BpeTrainer(
            vocab_size=4000, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
        model = json.loads(trained.to_str())["model"]
        made = tokenizer(parts, own_pattern, nfc, model["vocab"], [tuple(m) for m in model["merges"]], whole)
        made.add_special_tokens([AddedToken("<|im_end|>", normalized=False)])
        made.save(str(folder / f"{names[0]}.tokenizer.json"))
        plain = tokenizer(parts, own_pattern, nfc, model["vocab"], [tuple(m) for m in model["merges"]], whole)
        listed.append({"name": names[0], "ids": [plain.encode(text, add_special_tokens=False).ids for text in texts]})
    (folder / "cases.json").write_text(json.dumps({"seed": seed, "texts": texts, "tokenizers": listed}))
    print(f"{len(texts)} texts for {len(listed)} pre-tokenisers, seed {seed}")


if __name__ == "__main__":
    if sys.argv[1] == "fixture":
        fixture()
    else:
        cases(sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 and sys.argv[3] else random.randrange(1 << 32))
