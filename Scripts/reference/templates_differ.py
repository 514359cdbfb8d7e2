"""Renders templates with jinja2 and with ours, and lists what differs.  `templates_differ.sh` runs it.

`make SEED COUNT CASES` writes random templates and jinja2's outcomes, `public CASES WHEEL...` the templates inside wheels with the
conversations of templates.py, and `compare CASES [SHOWN]` reads ours beside jinja2's.
"""

import collections
import copy
import json
import random
import re
import signal
import sys
import zipfile

from templates import CONVERSATIONS, environment
from templates_fuzz import ADDRESSES, CONTEXT
from templates_grammar import Grammar

ADDRESS = re.compile(r"at 0x[0-9a-f]{6}")

# (who refuses, what an error or the template must match, why it stays).
REASONS = [
    ("ours", r"does not fit 64 bits", "whole numbers end at 64 bits"),
    ("ours", r"cannot be sliced", "jinja2 computes constants before it runs, where a slice of what has no items is nothing"),
    ("silent", r"generatorobject\w+at0x[0-9a-f]{6}", "jinja2 prints where in memory a generator is"),
    ("ours", r"longer than|wider than|nests?|inside each other|more than \d+", "a limit of TemplateLimits"),
]


def outcome(env, source, variables):
    def stop(*_):
        raise TimeoutError

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 2)
    try:
        text = env.from_string(source).render(**copy.deepcopy(variables))
        text.encode("utf-8")
        return {"text": text}
    except (TimeoutError, UnicodeEncodeError):
        return None
    except Exception as error:  # whatever Python throws, jinja2 refuses
        return {"error": f"{type(error).__name__}: {error}"[:200]}
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


class Cases:
    """A file of cases, one JSON object a line, and jinja2's outcomes beside it."""

    def __init__(self, path):
        self.file = open(path, "w", encoding="utf-8")
        self.answers = open(path + ".jinja2", "w", encoding="utf-8")
        self.env = environment()

    def use(self, variables):
        self.variables = variables
        print(json.dumps({"variables": variables}, ensure_ascii=False), file=self.file)

    def add(self, source, **more):
        answer = outcome(self.env, source, self.variables)
        # A public template may well speak of a <function; what a random one writes of it is Python's.
        unrepeatable = ADDRESS if more else ADDRESSES
        if answer is None or unrepeatable.search(answer.get("text", "")):
            return
        print(json.dumps(more or {"source": source}, ensure_ascii=False), file=self.file)
        print(json.dumps(answer, ensure_ascii=False), file=self.answers)


def make(seed, count, path):
    grammar, cases = Grammar(random.Random(seed)), Cases(path)
    cases.use(CONTEXT)
    seen = set()
    while len(seen) < count:
        source = grammar.template()
        if source not in seen:
            seen.add(source)
            cases.add(source)


def public(path, wheels):
    templates = {}
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for name in sorted(archive.namelist()):
                if name.endswith(".jinja"):
                    text = archive.read(name).decode("utf-8")
                    file = f"{path}.{len(templates)}.jinja"
                    with open(file, "w", encoding="utf-8", newline="") as out:
                        out.write(text)
                    templates[name] = (text, file)
    cases = Cases(path)
    for key, (messages, tools, more) in CONVERSATIONS.items():
        cases.use({"messages": messages, "bos_token": "<s>", "eos_token": "</s>", "add_generation_prompt": True, "tools": tools, **more})
        for name, (text, file) in templates.items():
            cases.add(text, name=name, file=file, conversation=key)
    print(len(templates), "templates in", len(wheels), "packages,", len(CONVERSATIONS), "conversations")


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file.read().split("\n") if line]


def compare(path, shown=40):
    cases = [case for case in lines(path) if "variables" not in case]
    counts, reasons = collections.Counter(), collections.Counter()
    found = {"silent": [], "ours": [], "jinja2": []}
    for case, theirs, ours in zip(cases, lines(path + ".jinja2"), lines(path + ".ours"), strict=True):
        if ours.get("text") == theirs.get("text"):
            counts["equal" if "text" in ours else "refused by both"] += 1
            continue
        kind = "silent" if "text" in ours and "text" in theirs else "ours" if "error" in ours else "jinja2"
        label = case.get("source") or f"{case['name']}, {case['conversation']}"
        # What jinja2 renders may be taken apart or reversed by the template.
        letters = re.sub(r"\W|_", "", theirs.get("text", ""))
        words = "\n".join([label, ours.get("error", ""), theirs.get("error", ""), letters, letters[::-1]])
        reason = next((why for who, pattern, why in REASONS if who == kind and re.search(pattern, words)), None)
        if reason:
            reasons[reason] += 1
        else:
            counts[kind] += 1
            found[kind].append((label, ours.get("text", ours.get("error")), theirs.get("text", theirs.get("error"))))
    titles = {"silent": "rendered otherwise", "ours": "refused by ours alone", "jinja2": "refused by jinja2 alone"}
    for kind, rows in found.items():
        for label, ours, theirs in rows[:shown]:
            print(f"{titles[kind]}: {label!r}\n    ours   {ours!r}\n    jinja2 {theirs!r}")
    for reason, count in reasons.items():
        print(f"{count} differ because of this: {reason}")
    summary = ", ".join(f"{counts[kind]} {titles.get(kind, kind)}" for kind in ["equal", "refused by both", "silent", "ours", "jinja2"])
    print(f"{len(cases)} renderings: {summary}, {sum(reasons.values())} with a reason")
    return counts["silent"] or counts["ours"]


if __name__ == "__main__":
    command, *rest = sys.argv[1:]
    if command == "make":
        make(int(rest[0]), int(rest[1]), rest[2])
    elif command == "public":
        public(rest[0], rest[1:])
    else:
        sys.exit(1 if compare(rest[0], *map(int, rest[1:])) else 0)
