#!/usr/bin/env python3
"""Nearest vectors in one run: ours beside faiss-cpu's flat index and Debian's hnswlib, on the same files.

    bench-vectors.py [--folder FOLDER] [--rows exact,approximate,million]

Sets up what is missing in FOLDER (.build/bench-vectors): numpy and faiss-cpu from PyPI, libhnswlib-dev must be installed,
the vectors of Scripts/make-vectors.py, the true ten of each query, hnswlib's index of a million (minutes, once). Every
search is of one query by one thread. Figures say something on an idle machine only.
"""
import argparse
import os
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OURS = f"{ROOT}/.build/release/bench-vectors"


def inside_venv(folder):
    """Runs this script again with the interpreter that has what it needs."""
    python = f"{folder}/venv/bin/python"
    if not os.path.exists(python):
        subprocess.run([sys.executable, "-m", "venv", f"{folder}/venv"], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "numpy", "faiss-cpu"], check=True)
    if os.environ.get("VIRTUAL_ENV") != folder:
        os.execve(python, [python, *sys.argv], {**os.environ, "VIRTUAL_ENV": folder})


def prepare(folder, count):
    import faiss
    import numpy

    if not os.path.exists(f"{folder}/base.f32"):
        subprocess.run([sys.executable, f"{ROOT}/Scripts/make-vectors.py", str(count), "1000", folder], check=True)
    queries = numpy.fromfile(f"{folder}/queries.f32", "<f4").reshape(-1, 384)
    if not os.path.exists(f"{folder}/truth.i32"):
        best = []
        base = numpy.memmap(f"{folder}/base.f32", "<f4", "r").reshape(-1, 384)
        for start in range(0, count, 100_000):
            index = faiss.IndexFlatIP(384)
            index.add(base[start : start + 100_000])
            scores, ids = index.search(queries, 10)
            best.append((scores, ids + start))
        scores, ids = (numpy.concatenate(part, axis=1) for part in zip(*best))
        order = numpy.argsort(-scores, axis=1)[:, :10]
        numpy.take_along_axis(ids, order, 1).astype("<i4").tofile(f"{folder}/truth.i32")
    return queries


def flat(folder, queries):
    """The median microseconds of faiss's flat index."""
    import faiss
    import numpy

    faiss.omp_set_num_threads(1)
    index = faiss.IndexFlatIP(384)
    index.add(numpy.fromfile(f"{folder}/base.f32", "<f4").reshape(-1, 384))
    times = []
    for number in range(300):
        start = time.perf_counter()
        index.search(queries[number : number + 1], 10)
        times.append(time.perf_counter() - start)
    return sorted(times)[len(times) // 2] * 1e6


def settings(command):
    """Lines of (setting, recall, microseconds, …); lines that start otherwise are passed on."""
    rows = []
    for line in subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines():
        try:
            rows.append([float(word) for word in line.split()])
        except ValueError:
            print("   ", line)
    return rows


def report(name, row, against=None):
    line = f"{name}: recall@10 {row[1]:.4f}, p50 {row[2]:.0f} µs"
    print(line + (f", {against[2] / row[2]:.1f}× as fast as {against[3]}" if against else ""), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", default=f"{ROOT}/.build/bench-vectors")
    parser.add_argument("--rows", default="exact,approximate,million")
    arguments = parser.parse_args()
    folder, rows = os.path.abspath(arguments.folder), arguments.rows.split(",")
    os.makedirs(folder, exist_ok=True)
    inside_venv(folder)
    print(f"load {os.getloadavg()[0]:.1f}")
    if {"exact", "approximate"} & set(rows):
        small = f"{folder}/100k"
        queries = prepare(small, 100_000)
        peer = [0, 1.0, flat(small, queries), "faiss"]
        report("100,000, faiss flat", peer)
        if "exact" in rows:
            for row in settings([OURS, small, "exact"]):
                report("100,000, ours, all looked at", row, peer)
        if "approximate" in rows:
            for row in settings([OURS, small, "approximate"]):
                report("100,000, ours, lists", row, peer)
    if "million" in rows:
        large = f"{folder}/1m"
        prepare(large, 1_000_000)
        hnsw = f"{folder}/hnsw"
        source = f"{ROOT}/Benchmarks/Vectors/hnsw.cpp"
        subprocess.run(["g++", "-O3", "-march=native", "-std=c++17", "-pthread", "-o", hnsw, source], check=True)
        peers = settings([hnsw, large, str(os.cpu_count())])
        enough = [row for row in peers if row[1] >= 0.95] or peers[-1:]
        peer = [*min(enough, key=lambda row: row[2])[:3], "hnswlib"]
        report(f"1,000,000, hnswlib, ef {peer[0]:.0f}", peer)
        for row in settings([OURS, large, "approximate"]):
            report("1,000,000, ours, lists", row, peer)
            print(f"1,000,000, ours: {row[3] / 1e6:.0f} MB, {row[3] / 384e6:.3f} times the codes")


main()
