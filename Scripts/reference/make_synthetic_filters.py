#!/usr/bin/env python3
"""Writes Tests/Fixtures/synthetic-data/filters.json: which candidates each filter keeps, and summaries of scores.

Python's standard library alone; nothing of it is shared with the provider. Run it again after a change of the rules:

    Scripts/reference/make_synthetic_filters.py
"""

import json
import math
import pathlib
import random
import statistics

MASK = (1 << 64) - 1


def splitmix(seed: int) -> int:
    """The first number of SplitMix64 (Steele, Lea and Flood 2014)."""
    z = (seed + 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def unit(seed: int, prompt: int, candidate: int) -> float:
    return (splitmix(splitmix(splitmix(seed & MASK) ^ prompt) ^ candidate) >> 11) / 2**53


def nucleus(order: list, p: float, temperature: float) -> list:
    if not order or p == 1:
        return [place for place in order]
    top = order[0][1]
    weights = [math.exp((score - top) / temperature) for _, score in order]
    total, mass, kept = math.fsum(weights), 0.0, []
    for place, weight in zip(order, weights):
        kept.append(place)
        mass += weight
        if mass >= p * total:
            break
    return kept


def keep(function: str, candidates: list, prompt: int, s: dict) -> list:
    seed, k, p, t = s.get("seed", 0), s.get("k", 1), s.get("p", 0.9), s.get("temperature", 1.0)
    if function == "sigmoid":
        middle = s.get("threshold", 0.0)

        def probability(score):
            x = (score - middle) / t
            return 1 / (1 + math.exp(-x)) if x > -700 else 0.0

        return [c for c, score in candidates if unit(seed, prompt, c) < probability(score)]
    left = [pair for pair in candidates if pair[1] >= s.get("threshold", -math.inf)]
    best = sorted(left, key=lambda pair: (-pair[1], pair[0]))
    if function == "none":
        kept = left
    elif function == "random":
        kept = sorted(left, key=lambda pair: (unit(seed, prompt, pair[0]), pair[0]))[:k]
    elif function == "top_k":
        kept = best[:k]
    elif function == "top_p":
        kept = nucleus(best, p, t)
    else:
        kept = nucleus(best[:k], p, t)
    return sorted(c for c, _ in kept)


def main() -> None:
    draw = random.Random(20)
    cases = []
    for number in range(180):
        function = ["none", "random", "top_k", "top_p", "top_k_top_p", "sigmoid"][number % 6]
        count = draw.choice([0, 1, 2, 3, 4, 8, 16, 64])
        # A few places are missing, as those of repetitions are; coarse scores are often equal.
        places = sorted(draw.sample(range(count + 3), count))
        coarse = draw.random() < 0.4
        scores = [float(draw.randrange(-2, 3)) if coarse else draw.gauss(0, 2) for _ in places]
        s = {}
        if draw.random() < 0.7:
            s["k"] = draw.choice([1, 2, 3, 5, 100])
        if draw.random() < 0.7:
            s["p"] = draw.choice([0.001, 0.3, 0.5, 0.8, 0.99, 1.0])
        if draw.random() < 0.6:
            s["temperature"] = draw.choice([0.1, 0.5, 2.0, 10.0])
        if draw.random() < 0.5:
            s["threshold"] = draw.choice([-1.0, 0.0, 0.5, 1.0])
        if draw.random() < 0.7:
            s["seed"] = draw.choice([1, 7, -3, 2**40])
        prompt = draw.choice([0, 1, 17, 999])
        candidates = list(zip(places, scores))
        cases.append(
            {
                "function": function,
                "prompt": prompt,
                "places": places,
                "scores": scores,
                "settings": s,
                "kept": keep(function, candidates, prompt, s),
            }
        )
    summaries = []
    for count in [1, 2, 3, 4, 5, 10, 101]:
        scores = [draw.gauss(-1, 3) for _ in range(count)]
        low, middle, high = statistics.quantiles(scores, n=4, method="inclusive") if count > 1 else scores * 3
        summaries.append(
            {
                "scores": scores,
                "minimum": min(scores),
                "lower_quartile": low,
                "median": middle,
                "upper_quartile": high,
                "maximum": max(scores),
                "mean": statistics.fmean(scores),
            }
        )
    units = [
        {"seed": seed, "prompt": prompt, "candidate": candidate, "unit": unit(seed, prompt, candidate)}
        for seed in [0, 1, -1, 2**53]
        for prompt, candidate in [(0, 0), (0, 1), (1, 0), (999, 63)]
    ]
    folder = pathlib.Path(__file__).resolve().parents[2] / "Tests/Fixtures/synthetic-data"
    folder.mkdir(exist_ok=True)
    with open(folder / "filters.json", "w") as file:
        lines = lambda rows: "[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]"  # noqa: E731
        file.write(f'{{"units": {lines(units)},\n"cases": {lines(cases)},\n"summaries": {lines(summaries)}}}')
        file.write("\n")


if __name__ == "__main__":
    main()
