"""The results: kept as JSON with every sample, shown as Markdown."""

import dataclasses
import json
import os

from .figures import Figure
from .programs import INSTRUCTIONS

HEADER = """# Speed, memory and fidelity beside the peers

Written by `Scripts/bench-peers.py --write` (`make bench-peers`); every sample is in [results.json](results.json), and
[README.md](README.md) says how it is measured.

A ratio says how many times better this project is: more tokens a second, or less time or memory. Medians are shown with the
smallest and the largest sample. Where "same file" is given, llama.cpp was measured in several types of as many bits a weight: its
fastest one is the peer, and "same file" is the ratio to its speed on the file that ours reads. Elsewhere both read the same file.
"Limit" is our share of what a loop that does nothing else reaches on that machine in the same run: reading memory, or multiplying
bytes or floats on registers. "Others" is the share of the processor that other programs took meanwhile; the load at the start stands
beside it. Where a "must" or an "aim" is given, "reached" says which.
"""


class Results:
    """What earlier runs measured, by the instructions of their machines, and this run on top."""

    def __init__(self, path, instructions):
        self.path, self.now = path, []
        self.sets = {}
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                stored = json.load(file)
            for word, one in stored.items():
                figures = {row["name"]: Figure(**row) for row in one["figures"]}
                self.sets[word] = {"about": one["about"], "figures": figures, "extras": one["extras"]}
        self.mine = self.sets.setdefault(instructions, {"about": {}, "figures": {}, "extras": {}})

    def put(self, figures):
        for figure in figures:
            self.mine["figures"][figure.name] = figure
            self.now.append(figure)

    def put_extra(self, name, extra):
        self.mine["extras"][name] = extra

    def measured_now(self):
        return self.now

    def write(self, page, about):
        self.mine["about"] = about
        stored = {word: {**one, "figures": [dataclasses.asdict(figure) for figure in one["figures"].values()]}
                  for word, one in self.sets.items()}
        for path, text in ((self.path, json.dumps(stored, indent=1, ensure_ascii=False) + "\n"), (page, self.markdown())):
            with open(path + ".partial", "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(path + ".partial", path)

    def markdown(self):
        parts = [HEADER]
        for word in INSTRUCTIONS:
            if word in self.sets:
                one = self.sets[word]
                parts.append(f"## {INSTRUCTIONS[word]}\n\n{one['about']['machine']}; llama.cpp {one['about']['llama.cpp']}.\n")
                parts.append(table(one["figures"].values()))
                parts += [extra["markdown"] for extra in one["extras"].values()]
        return "\n".join(parts)


def table(figures):
    lines = ["| what | peer | ours | ratio | same file | limit | must | aim | reached | pairs | measured | load | others |",
             "|---|---|---|---|---|---|---|---|---|---|---|---|---|"]
    for figure in figures:
        same = f"{figure.same_file_ratio():.2f}×" if figure.same_file else ""
        cells = [figure.title, spread(figure, "peer"), spread(figure, "ours"), f"{figure.ratio():.2f}×", same, figure.limit_text(),
                 figure.must or "-", figure.aim or "-", figure.verdict(), str(len(figure.samples["ours"])), figure.about["measured"],
                 str(figure.about["load_at_start"]), f"{figure.about['others_percent']} %"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def spread(figure, engine):
    values = figure.samples[engine]
    return f"{figure.median(engine):.4g} {figure.unit} ({min(values):.4g}–{max(values):.4g})"
