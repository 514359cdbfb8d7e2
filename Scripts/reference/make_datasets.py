#!/usr/bin/env python3
"""Writes the small data sets of Tests/Fixtures/datasets: as pandas writes them, as json does, and by hand where people do.
Needs: pip install pandas."""
import json
import pathlib

import pandas

folder = pathlib.Path(__file__).parents[2] / "Tests/Fixtures/datasets"
folder.mkdir(exist_ok=True)
turns = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]
picture = {"url": "https://x.test/a.png", "mime_type": "image/png"}
frame = pandas.DataFrame(
    {
        "id": [1, 2, 3], "price": [1.5, None, 3.0], "name": ["a", None, "c, d"], "flag": [True, False, True],
        "when": pandas.to_datetime(["2026-01-01", None, "2026-03-01"]),
    }
)
frame.to_csv(folder / "pandas.csv", index=False)
frame.to_csv(folder / "index.csv")
frame.to_csv(folder / "crlf.csv", index=False, lineterminator="\r\n", quoting=1)
frame.to_csv(folder / "mark.csv", index=False, encoding="utf-8-sig")
frame.to_json(folder / "pandas.jsonl", orient="records", lines=True)
frame.to_json(folder / "pandas.json", orient="records", indent=2)


def lines(name, rows):
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / name).write_text(text, encoding="utf-8")


lines("null-json.jsonl", [{"a": "x", "b": {"c": 1}}, {"a": "y", "b": None}])
lines("null-everywhere.jsonl", [{"a": "x", "b": None}, {"a": "y", "b": None}])
lines("absent.jsonl", [{"a": "x"}, {"a": "y", "b": 1}, {"b": 2}])
lines("mixed.jsonl", [{"a": "x"}, {"a": 1}, {"a": True}, {"a": [1]}])
lines("text-and-media.jsonl", [{"a": "x"}, {"a": "https://x.test/a.png"}])
lines("text-and-attachments.jsonl", [{"a": "x"}, {"a": picture}])
lines("media.jsonl", [{"a": "https://x.test/a.png"}, {"a": picture}, {"a": None}])
lines("dialogs.jsonl", [{"d": turns}, {"d": {"message": turns[0]}}, {"d": None}])
lines("dialogs-and-none.jsonl", [{"d": turns}, {"d": []}, {"d": "none"}])
lines("numbers.jsonl", [{"n": 1}, {"n": -2.5e300}, {"n": 9007199254740993}, {"n": None}])
lines("empty-texts.jsonl", [{"a": ""}, {"a": " "}, {"a": "x"}])
lines("odd-names.jsonl", [{"": 1, "a b": 2, "ü": 3, "'": 4}])
(folder / "empty-cells.csv").write_text('n,t,j,u\n1,a,"{""b"": 1}",https://x.test/a\n,,,\n"",b,x,\n')
(folder / "numbers-and-words.csv").write_text("a,b\n1,0x10\nn/a,1e5\n-2,\n")
(folder / "numbers-and-links.csv").write_text("a\n1\nhttps://x.test/a.png\n")
(folder / "never.csv").write_text("a,b\n1,\n2,\n")
(folder / "booleans.csv").write_text("a,b\ntrue,null\nfalse,[1]\n")
(folder / "one-column.csv").write_text("a\n1\n2\n")
for file in sorted(folder.iterdir()):
    print(file.name, file.stat().st_size)
