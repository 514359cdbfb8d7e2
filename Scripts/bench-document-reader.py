#!/usr/bin/env python3
"""How fast documents are read through the limited process, beside gumbo and cmark-gfm called directly.

    Scripts/bench-document-reader.py [--program FILE] [--fetch FOLDER] [--rounds N] [FOLDER...]

The files are those of Scripts/check-document-reader.py. Prints MB/s of the fastest round of each way.
"""

import argparse
import pathlib
import shlex
import subprocess
import tempfile

import document_files

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIBRARIES = ["-lgumbo", "-lcmark-gfm", "-lcmark-gfm-extensions"]


def build(folder):
    program = folder / "reader-speed"
    sources = [ROOT / "Benchmarks/Documents/reader-speed.c"]
    flags = []
    for target in ("CLimitedProcess", "CChildProcess"):
        sources += sorted((ROOT / "Sources" / target).glob("*.c"))
        flags += ["-I", ROOT / "Sources" / target / "include"]
    subprocess.run(["cc", "-O3", *flags, *sources, "-o", program, *LIBRARIES], check=True)
    return program


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--program", default=str(ROOT / ".build/release/llama-stack-document-reader"))
    arguments.add_argument("--fetch", type=pathlib.Path)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("folders", nargs="*", default=["/usr/share/doc"])
    options = arguments.parse_args()
    roots = list(options.folders)
    if options.fetch:
        document_files.fetch(options.fetch)
        roots += sorted(path for path in options.fetch.iterdir() if path.is_dir())
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        speed = build(folder)
        print(f"{'':10} {'files':>6} {'MB':>7} {'direct':>8} {'limited':>8}  MB/s, the fastest of {options.rounds}")
        for kind in ("html", "markdown"):
            copies = []
            for number, (_, content) in enumerate(document_files.files(kind, roots, 300)):
                copies.append(folder / f"{kind}-{number}")
                copies[-1].write_bytes(content)
            command = [speed, options.program, kind, str(options.rounds), *copies]
            printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            size, direct, limited, unread = map(float, shlex.split(printed))
            print(
                f"{kind:10} {len(copies):6} {size / 1e6:7.1f} {size / 1e6 / direct:8.1f} {size / 1e6 / limited:8.1f}"
                f"  {direct / limited:.2f}x" + (f"; {unread:.0f} not read" if unread else ""))


if __name__ == "__main__":
    main()
