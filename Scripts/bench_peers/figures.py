"""One line of the results: what was measured, how often, and which ratio was asked for."""

import dataclasses
import statistics

# The loops of `llama-stack-bench speed`, by its words.
LIMITS = {"reading": "reading", "bytes": "int8 products", "floats": "f32 products"}


@dataclasses.dataclass
class Figure:
    name: str
    title: str
    unit: str
    must: str = ""
    aim: str = ""
    # Whether a larger value is better; else the ratio is "times less".
    more: bool = True
    short: str = ""
    samples: dict = dataclasses.field(default_factory=lambda: {"peer": [], "ours": []})
    about: dict = dataclasses.field(default_factory=dict)
    # Shares of what a loop of this machine reaches in the same run: {"of": "reading", "shares": [0.8, ...]}.
    limit: dict = dataclasses.field(default_factory=dict)
    # The peer's samples on the same file, where `samples` holds those of its fastest file of this width.
    same_file: list = dataclasses.field(default_factory=list)

    def __post_init__(self):
        self.short = self.short or self.title

    def median(self, engine):
        return statistics.median(self.samples[engine])

    def ratio(self):
        peer, ours = self.median("peer"), self.median("ours")
        if min(peer, ours) <= 0:
            return float("nan")
        return ours / peer if self.more else peer / ours

    def same_file_ratio(self):
        return self.median("ours") / statistics.median(self.same_file)

    def limit_text(self):
        """`82 % of reading`, or nothing."""
        return f"{100 * statistics.median(self.limit['shares']):.0f} % of {LIMITS[self.limit['of']]}" if self.limit else ""

    def verdict(self):
        """Which of the two wanted ratios is reached."""
        wanted = [(word, float(text.rstrip("×"))) for word, text in (("aim", self.aim), ("must", self.must)) if text]
        return next((word for word, least in wanted if self.ratio() >= least), "missed") if wanted else ""

    def line(self):
        shown = lambda engine: " ".join(f"{value:.4g}" for value in self.samples[engine])
        ratio = f"{self.ratio():.2f}× (must {self.must or '-'}, aim {self.aim or '-'}); " if self.samples["peer"] else ""
        same = f", on the same file {' '.join(f'{value:.4g}' for value in self.same_file)}" if self.same_file else ""
        limit = f"; {self.limit_text()}" if self.limit else ""
        return (f"{self.title}: {ratio}{self.unit}, "
                f"peer {shown('peer') or '-'}{same}; ours {shown('ours')}{limit}; others took {self.about['others_percent']} % of the processor, "
                f"load {self.about['load_at_start']} at the start")


@dataclasses.dataclass
class Group:
    """Figures that one run of a program gives."""

    name: str
    title: str
    figures: list
    # sample(programs, "peer" or "ours") -> {figure name: value}
    sample: object
    peer: str = "llama.cpp"
    # Both sides are this project, measured in two ways.
    ours_alone: bool = False

    def pairs(self, asked):
        """Where there is nothing to reach, three are enough."""
        return asked if any(figure.must for figure in self.figures) else min(asked, 3)
