"""The results: kept as JSON with every sample, shown as Markdown."""

import dataclasses
import json
import os

from .figures import Figure

HEADER = """# Speed, memory and fidelity beside the peers

Written by `Scripts/bench-peers.py --write` (`make bench-peers`); every sample is in [results.json](results.json), and
[README.md](README.md) says how it is measured. {about}.

A ratio says how many times better this project is: more tokens a second, or less time or memory. Medians are shown with the
smallest and the largest sample. "Others" is the share of the processor that other programs took meanwhile; what
the load was at the start stands beside it. Where a "must" or an "aim" is given, the last column says which is reached.
"""


class Results:
    """What earlier runs measured, and this one on top."""

    def __init__(self, path):
        self.path, self.about, self.now = path, {}, []
        self.figures, self.extras = {}, {}
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                stored = json.load(file)
            self.figures = {row["name"]: Figure(**row) for row in stored["figures"]}
            self.extras = stored["extras"]

    def put(self, figures):
        for figure in figures:
            self.figures[figure.name] = figure
            self.now.append(figure)

    def put_extra(self, name, extra):
        self.extras[name] = extra

    def measured_now(self):
        return self.now

    def write(self, page):
        stored = {"about": self.about, "figures": [dataclasses.asdict(figure) for figure in self.figures.values()],
                  "extras": self.extras}
        for path, text in ((self.path, json.dumps(stored, indent=1, ensure_ascii=False) + "\n"), (page, self.markdown())):
            with open(path + ".partial", "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(path + ".partial", path)

    def markdown(self):
        about = f"llama.cpp {self.about['llama.cpp']}; {self.about['machine']}"
        parts = [HEADER.format(about=about)]
        if self.figures:
            parts.append(table(self.figures.values()))
        for extra in self.extras.values():
            parts.append(extra["markdown"])
        return "\n".join(parts)


def table(figures):
    lines = ["| what | peer | ours | ratio | must | aim | reached | pairs | measured | load | others |",
             "|---|---|---|---|---|---|---|---|---|---|---|"]
    for figure in figures:
        cells = [figure.title, spread(figure, "peer"), spread(figure, "ours"), f"{figure.ratio():.2f}×", figure.must or "-",
                 figure.aim or "-", figure.verdict(), str(len(figure.samples["ours"])), figure.about["measured"],
                 str(figure.about["load_at_start"]), f"{figure.about['others_percent']} %"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def spread(figure, engine):
    values = figure.samples[engine]
    return f"{figure.median(engine):.4g} {figure.unit} ({min(values):.4g}–{max(values):.4g})"
