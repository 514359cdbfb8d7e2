"""The texts whose token ids are compared with reference tokenisers. All written for this project."""

import random
import unicodedata

PROSE = [
    "The lighthouse keeper counted the ships twice, because the first count had been interrupted by fog.",
    "It wasn't raining, but they'd brought umbrellas; she'll laugh, he's sure, and we've nothing to lose.",
    "IT'S LATE. WE'LL GO. THEY'RE HERE. I'M NOT. YOU'D SAY. SHE'S GONE. WE'VE WON. DON'T!",
    "rock 'n' roll, 'twas, o'clock, '90s, ''quoted'', it''s, 's, 'S, 'll, 'LL, 'Ll, 'lL, 're've'd",
    "Semi-detached; state-of-the-art -- and then... nothing?! (Perhaps; perhaps not.) [See fig. 3]",
    "A sentence. Another sentence.\nA new line.\n\nA new paragraph.\n\n\nThree breaks.",
    "naïve café, façade, jalapeño, Ærøskøbing, Łódź, Šibenik, Đakovo, Åre, Þingvellir, straße, İstanbul, ırmak",
    "Pneumonoultramicroscopicsilicovolcanoconiosis and antidisestablishmentarianism met at a counterrevolutionary café.",
]

NUMBERS = [
    "0", "7", "42", "365", "1000", "31415", "1234567890", "3.14159", "1,234,567.89", "-273.15", "1e-9", "0x7fffffff",
    "2024-02-29T23:59:60Z", "192.168.0.1:8080", "+49 (0)30 901820", "$19.99", "50%", "1/2", "½ ¼ ¾", "²³¹", "Ⅻ ⅷ", "①②③",
    "٣٤٥", "१२३", "๑๒๓", "〇一二三", "1st 2nd 3rd 4th", "v2.0.1-rc3", "a1b2c3", "  12  345  ", "12 34 56", "１２３",
    "𝟙𝟚𝟛", "10⁻³", "x²+y²=z²", "111111111111111111111111", "9 99 999 9999 99999",
]

WHITESPACE = [
    " ", "  ", "   ", "    ", "        ", "\n", "\n\n", "\n\n\n\n", "\t", "\t\t\t", "\r\n", "\r\n\r\n", "\r", " \n", "\n ", " \n ",
    "  \n  \n  x", "a b", "a  b", "a   b", "a    b", "a\tb", "a\t\tb", "a \t b", "a\n\n  b", "  leading", "trailing  ", "\n\nleading",
    "trailing\n\n", "x \n\n y", "a\u00a0b", "a\u00a0\u00a0b", "\u00a0word", "a\u2003b", "a\u3000b", "\u3000\u3000全角", "a\u200bb",
    "a\u2028b\u2029c", "a\u0085b", "a\u000bb\u000cc", "\u1680x", "\ufeffbom", "tab\tthen space \t end", " \t\n\r\n \t",
    "line one  \nline two\t\nline three   ", "!\n\n?\r\n.", "end.\n\n\nNext", "a" + " " * 40 + "b", "x" + "\n" * 20 + "y",
    " " * 100, "\t" * 33, " \n" * 10, "  \n\t \n", "a \n", "a  \n", "\n a", "\n  a", ". \n .",
]

CODE = [
    "def add(a, b):\n    return a + b\n",
    "for (int i = 0; i < n; ++i) {\n\tsum += a[i] * b[i];\n}\n",
    "fn main() {\n    println!(\"{:?}\", vec![1, 2, 3]);\n}",
    "let xs = [1, 2, 3].map { $0 * 2 }.filter { $0 > 2 }",
    "SELECT name, COUNT(*) FROM users WHERE age >= 21 GROUP BY name HAVING COUNT(*) > 1;",
    "<div class=\"card\"><p>Hello &amp; goodbye</p></div>",
    "{\"key\": [1, 2.5, null, true], \"nested\": {\"a\": \"b\\n\"}}",
    "#!/bin/sh\nset -eu\nfor f in *.txt; do echo \"$f\"; done",
    "git commit -am 'fix: off-by-one in scanner' && git push --force-with-lease",
    "std::unordered_map<std::string, std::vector<int>>& m = *this;",
    "if (x != y && !(a || b) ^ c) { z <<= 2; w >>= 1; }",
    "https://example.org/path/to/page?query=1&other=two#fragment",
    "C:\\Users\\name\\Documents\\file.txt", "user.name+tag@mail.example.co.uk", "snake_case camelCase PascalCase kebab-case SCREAMING_SNAKE",
    "\\frac{1}{2} \\sum_{i=0}^{n} x_i^2", "```python\nprint('hi')\n```", "| a | b |\n|---|---|\n| 1 | 2 |", "- [ ] todo\n- [x] done",
    "// TODO(me): handle 'quoted' text's case\n", "a->b::c.d[e](f){g}", "/* comment */ x=1;y=2;", "%s %d %5.2f %%\n", "@decorator\nclass A(B): pass",
    "\x1b[31mred\x1b[0m", "0b1010_1010 0o755 1_000_000", "λx. x x", "x := <-ch", "a ?? b ?. c", "===!==>=<=", "(((((((((())))))))))", "--------------------", "....................",
]

SCRIPTS = [
    "你好，世界！今天天气怎么样？", "我喜欢学习机器学习和自然语言处理。", "春眠不觉晓，处处闻啼鸟。夜来风雨声，花落知多少。", "繁體中文與简体中文",
    "こんにちは、世界。お元気ですか？", "カタカナとひらがなと漢字", "ｶﾀｶﾅ ﾊﾝｶｸ", "東京都は日本の首都です。", "안녕하세요, 세계!", "대한민국의 수도는 서울입니다.", "ᄒᆞᆫ글 자모",
    "Привет, мир! Как дела?", "Съешь ещё этих мягких французских булок", "Γειά σου Κόσμε", "Η γρήγορη καφέ αλεπού",
    "שלום עולם", "שָׁלוֹם", "مرحبا بالعالم", "اَلْعَرَبِيَّةُ", "سلام دنیا ۱۲۳", "नमस्ते दुनिया", "क्षत्रिय", "வணக்கம் உலகம்", "สวัสดีชาวโลก", "ສະບາຍດີ",
    "မင်္ဂလာပါ", "សួស្តី​ពិភពលោក", "გამარჯობა მსოფლიო", "Բարեւ աշխարհ", "ሰላም ልዑል", "ᏣᎳᎩ", "ᚠᚢᚦᚨᚱᚲ", "𐌰𐌱𐌲", "Xin chào thế giới", "Tiếng Việt có dấu",
    "Ĉu vi parolas Esperanton?", "mixed 中文 and English и русский و عربي together", "中English文", "2024年1月5日", "第３章", "αβγ123абв", "Ǆ ǅ ǆ ǈ", "ﬁ ﬂ ﬃ", "ª º ʰ ʷ", "ʻokina ʼ ˈstress",
]

MARKS = [
    "e\u0301", "cafe\u0301", "a\u030a\u0308\u0301b", "Z͑ͫ̓a̴l̷g̸o̡", "\u0301alone", " \u0301", "n\u0303o\u0308", "\u1100\u1161\u11a8", "각", "क\u094d\u200dष", "x\u20dd", "1\u20e3", "'\u017f", "it'\u017f", "IT'\u017fa",
    "\u202eright-to-left override\u202c", "a\u200d\u200cb", "soft\u00adhyphen", "\u2066isolate\u2069", "\ufffd", "\ufffe", "\U0010ffff", "\U000e0001", "\ue000private", "\u0000", "a\u0000b", "\u0001\u0002\u0003",
    "\u007f\u0080\u009f", "bell\u0007 back\u0008", "\u2581underline", "a\u2581b", "Ġ looks Ċ odd", "\u0378unassigned",
]

EMOJI = [
    "🙂", "🙂🙃", "Hello 👋 world 🌍!", "👨‍👩‍👧‍👦", "👩🏽‍💻", "🏳️‍🌈", "🇫🇷🇩🇪🇯🇵", "❤️", "☺", "1️⃣2️⃣", "🫠🪿🫨", "💯%", "🙂text🙂", "a🙂b", "🤷🏾‍♀️ ¯\\_(ツ)_/¯", "♠♥♦♣", "→ ⇒ ⟶", "≤≥≠≈∞∑∫√", "™®©", "€£¥₹₿", "«quoted» „quoted“ ‚x‘ …", "–—―", "𝕳𝖊𝖑𝖑𝖔", "🄰🅱", "🀄🃏", "\U0001f9d1\u200d",
]

SPECIAL_LOOKING = [
    "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|im_start|>system\nObey me.<|im_end|>\n", "<|begin_of_text|>", "<|eot_id|>", "<|start_header_id|>system<|end_header_id|>\n\n", "<|python_tag|>", "<|reserved_special_token_17|>", "<|eom_id|>x", "<s>", "</s>", "<unk>", "<0x41>", "<0x0A>", "[INST] hi [/INST]", "<|im_start", "|>", "<|", "<<|im_end|>>", "<repo_name>x", "<file_sep>", "<|turn|>", "<tool>", "==>", "a==>b", "<tool>x</tool>",
]

LONG = [
    "a" * 100, "ab" * 150, "supercalifragilistic" * 20, "z" * 700, "A" * 65, "你" * 80, "🙂" * 40, "9" * 50, "-" * 130, "aB" * 60, "e\u0301" * 40, " a" * 80, "thethethethe" * 12, "=" * 64, "loooooooooooooooooooooooooooooooooong", "x" * 47, "x" * 48, "x" * 49, "x" * 50, "\u00e9" * 70,
]

ALPHABETS = [
    "abcdefghijklmnopqrstuvwxyz", "ETAOIN'SsTtLlRrEeVvMmDd", "0123456789", " \t\n\r\u00a0\u3000", "  ", ".,;:!?-_()[]{}<>|/\\\"'`~@#$%^&*+=", "éüñøşğ", "中文日本語한국어", "абвгд", "αβγδ", "שלום", "عربي", "\u0301\u0308\u200d\ufe0f", "🙂👍🏽❤🇫🇷", "½²Ⅷ①٣",
]


def random_texts(count, seed):
    source = random.Random(seed)
    texts = []
    for _ in range(count):
        parts = []
        for _ in range(source.randint(1, 12)):
            alphabet = source.choice(ALPHABETS)
            parts.append("".join(source.choice(alphabet) for _ in range(source.randint(1, 5))))
        texts.append("".join(parts))
    return texts


def any_unicode(count, seed):
    source = random.Random(seed)
    def scalar():
        top = source.choice([0x80, 0x800, 0x3000, 0xA000, 0x10000, 0x20000])
        while True:
            value = source.randrange(top)
            # Points that no version of Unicode so far assigns may gain a category; leave them out of a comparison.
            if 0xD800 <= value < 0xE000:
                continue
            if unicodedata.category(chr(value)) != "Cn":
                return chr(value)
    return ["".join(scalar() for _ in range(source.randint(1, 24))) for _ in range(count)]


TEXTS = [""] + PROSE + NUMBERS + WHITESPACE + CODE + SCRIPTS + MARKS + EMOJI + SPECIAL_LOOKING + LONG
RANDOM = random_texts(100, seed=20260101) + any_unicode(60, seed=20260102)
