"""Writes what WordPiece is compared with to Tests/Fixtures/tokenizer: token ids and classes of scalars from `tokenizers`.

    python wordpiece.py --model FOLDER_OF_all-MiniLM-L6-v2

wordpiece-texts.json: texts beside those of texts.json. wordpiece-tiny.txt, wordpiece-tiny.tokenizer.json: one small vocabulary
in both of its file forms. wordpiece-*.json: ids of all texts between [CLS] and [SEP], which no text spells. wordpiece-scalars.json: which
scalars count as what, as ranges.
"""

import argparse
import json
import pathlib

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from tokenizer import ALL, OUT, write
from tokenizer_texts import CODE, PROSE, SCRIPTS

TEXTS = [
    "a" * 100, "a" * 101, "the " + "b" * 200 + " end", "é" * 100, "é" * 101, "\u0301" * 150, "x" + "\u0301" * 150 + "y",
    "[CLS]", "[SEP] [MASK]", "a[SEP]b", "[sep]", "[ SEP ]", "[[PAD]]", "[UNK", "x[UNK]y[UNK]", "[CLS][SEP][PAD]", "[unused1]",
    "\u0000nul\u0000", "a\u0001b\u001fc", "soft\u00adhyphen", "zero\u200bwidth\u200djoin", "\u202ebidi\u202c", "\ufffd", "a\ufffdb",
    "\ue000private\uf8ff", "\U000f0000plane\U0010fffd", "\u2028\u2029", "\u0085next", "tab\tnew\nline\r\nreturn\rend",
    "漢字とひらがなとカタカナ", "日本語のテキスト。", "中文abc中文", "a中b", "﨎豈", "\U00020000\U0002a6df", "\U0002a700\U0002b740\U0002b820\U0002b920", "㐀䶿",
    "한국어 문장입니다", "각\u1100\u1161", "ﾊﾝｶｸ ｶﾅ", "が゛か\u3099", "Ｆｕｌｌ Ｗｉｄｔｈ！",
    "İSTANBUL ıslak", "ΑΣ ΣΑΣ ς", "ŒUVRE Æther ß ẞ", "Ǆ ǅ ǆ", "ﬁ ﬂ", "Ⅷ ⅷ", "Ω Ω K K Å Å", "\u037e \u1fef \u2126",
    "ÀÁÂÃÄÅ àáâãäå Çç Ññ Ýý", "e\u0301 o\u0308 n\u0303", "Việt Nam tiếng Việt", "ệ e\u0323\u0302 e\u0302\u0323", "Ầ ầ Ẫ ẫ",
    "नमस्ते दुनिया", "สวัสดีชาวโลก", "مرحبا بالعالم", "שָׁלוֹם", "ᲐᲑᲒ აბგ", "Ꭰ ꭰ", "ԱԲԳ աբգ", "\U00010400\U00010428", "ᏸ Ᏸ",
    "👍🏽 👩‍👩‍👧‍👦 🏳️‍🌈 ❤️ ☺ ✂", "🇩🇪🇫🇷", "emoji👍in👍word", "① ② ⑳", "½ ⅓ 10²",
    "don't can't won't", "a.b,c;d:e", "—–-‐‑", "“quotes” ‘single’ «guillemets» „low“", "¿Qué? ¡Sí!", "a_b$c+d=e<f>g^h`i|j~k",
    "§ ¶ † ‡ • … ‰ ′ ″", "© ® ™ ° µ ¬ ± × ÷", "€ £ ¥ ¢ ₿", "\u30fb・ 、。", "٪ ؟ ،", "।॥", "𐄀 𐄁", "\u166d \U000111c9 \u1734 ᜀ᜴",
    "\u2e43 \u2e5d \U00010ead \u061d", "x\u08e2y \u0890 \U000110cd", "x\u1ac0y \U0001e130", "word " * 400, "word,, " * 300, "🙂" * 300,
    " ".join("unaffordable reinterpretation counterproductively".split() * 30), "\n".join(PROSE * 4), "",
]


def ranges(scalars):
    """[first, last] of each run."""
    runs = []
    for scalar in scalars:
        if runs and runs[-1][1] == scalar - 1:
            runs[-1][1] = scalar
        else:
            runs.append([scalar, scalar])
    return runs


def scalar_classes():
    clean = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    accents = normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False)
    han = normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=True, strip_accents=False, lowercase=False)
    words = pre_tokenizers.BertPreTokenizer()
    classes = {"removed": [], "space": [], "mark": [], "han": [], "punctuation": []}
    for scalar in range(0x110000):
        if 0xD800 <= scalar < 0xE000:
            continue
        text = f"a{chr(scalar)}b"
        cleaned = clean.normalize_str(text)
        if cleaned == "ab":
            classes["removed"].append(scalar)
        elif cleaned == "a b":
            classes["space"].append(scalar)
        if accents.normalize_str(text) == "ab":
            classes["mark"].append(scalar)
        if han.normalize_str(text) != text:
            classes["han"].append(scalar)
        if len(words.pre_tokenize_str(text)) == 3:
            classes["punctuation"].append(scalar)
    return {name: ranges(scalars) for name, scalars in classes.items()}


def tiny():
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(
        PROSE + CODE + SCRIPTS + TEXTS, trainers.WordPieceTrainer(vocab_size=1500, special_tokens=special, show_progress=False))
    ids = tokenizer.get_vocab()
    # Trained vocabularies of the same texts differ in order from run to run: sorted, they do not.
    order = special + sorted(token for token in ids if token not in special)
    tokenizer.model = models.WordPiece({t: i for i, t in enumerate(order)}, unk_token="[UNK]", max_input_chars_per_word=100)
    tokenizer = Tokenizer.from_str(tokenizer.to_str())
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", order.index("[CLS]")), ("[SEP]", order.index("[SEP]"))])
    (OUT / "wordpiece-tiny.txt").write_text("".join(f"{token}\n" for token in order), encoding="utf-8")
    (OUT / "wordpiece-tiny.tokenizer.json").write_text(tokenizer.to_str() + "\n", encoding="utf-8")
    return tokenizer


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--model", type=pathlib.Path, required=True)
    arguments = arguments.parse_args()
    minilm = Tokenizer.from_file(str(arguments.model / "tokenizer.json"))
    minilm.no_truncation()
    minilm.no_padding()
    write("wordpiece-texts.json", TEXTS)
    write("wordpiece-scalars.json", scalar_classes())
    for name, tokenizer in [("tiny", tiny()), ("minilm", minilm)]:
        tokenizer.encode_special_tokens = True
        write(f"wordpiece-{name}.json", [tokenizer.encode(text).ids for text in ALL + TEXTS])
    print(len(ALL + TEXTS), "texts")
