#!/usr/bin/env python3
"""Writes a large set of vectors for benchmarks: clustered noise around real MiniLM embeddings.

    make-vectors.py COUNT QUERIES FOLDER     base.f32 and queries.f32: rows of 384 unit-length F32

The centres are the embeddings of the judged set (Tests/Fixtures/judged/minilm.i8). Around each lie thirty clusters, around
each of those the vectors and the queries, each time at a distance of 0.7 before the length is made 1: neighbours in a cluster
have a cosine of about 0.67, as near texts on one subject have. The seed is fixed: equal arguments, equal files.
"""
import os
import sys

import numpy

SEED, DIMENSIONS, CLUSTERS, DISTANCE = 20261124, 384, 30, 0.7


def unit(x):
    return x / numpy.linalg.norm(x, axis=1, keepdims=True)


def near(centres, random):
    return unit(centres + DISTANCE * unit(random.standard_normal(centres.shape, dtype="f4")))


def main(count, queries, folder):
    os.makedirs(folder, exist_ok=True)
    fixture = os.path.join(os.path.dirname(__file__), "../Tests/Fixtures/judged/minilm.i8")
    rows = numpy.fromfile(fixture, dtype=[("scale", "<f4"), ("codes", "i1", DIMENSIONS)])
    centres = unit(rows["codes"].astype("f4") * rows["scale"][:, None])
    random = numpy.random.default_rng(SEED)
    clusters = near(numpy.repeat(centres, CLUSTERS, axis=0), random)
    for name, rows in (("queries", queries), ("base", count)):
        with open(f"{folder}/{name}.f32", "wb") as file:
            for start in range(0, rows, 50_000):
                some = min(50_000, rows - start)
                near(clusters[random.integers(0, len(clusters), some)], random).astype("<f4").tofile(file)


main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
