#!/usr/bin/env python3
"""Writes Tests/Fixtures/json-schema: the official tests of JSON Schema, a group a line, and their licence.

They are in the source distribution of the package `jsonschema` on PyPI, which is downloaded and unpacked, never run.
"""

import json
import pathlib
import subprocess
import sys
import tarfile
import tempfile

VERSION = "4.26.0"
ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGET = ROOT / "Tests/Fixtures/json-schema"
DRAFTS = ["draft4", "draft6", "draft7", "draft2019-09", "draft2020-12"]
# Beside the required ones: what does not concern formats and other vocabularies.
OPTIONAL = [
    "anchor", "bignum", "dependencies-compatibility", "dynamicRef", "ecmascript-regex", "float-overflow", "id",
    "no-schema", "non-bmp-regex", "refOfUnknownKeyword", "unknownKeyword",
]


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "-d", folder,
             f"jsonschema=={VERSION}"], check=True)
        archive = next(pathlib.Path(folder).glob("*.tar.gz"))
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        suite = next(pathlib.Path(folder).glob("jsonschema-*/json"))
        TARGET.mkdir(parents=True, exist_ok=True)
        (TARGET / "LICENSE").write_text((suite / "LICENSE").read_text())
        for draft in DRAFTS:
            files = sorted((suite / "tests" / draft).glob("*.json"))
            files += [suite / "tests" / draft / "optional" / f"{name}.json" for name in OPTIONAL]
            write(TARGET / f"{draft}.jsonl", suite / "tests" / draft, [file for file in files if file.exists()])


def write(target, root, files):
    with target.open("w") as out:
        for file in files:
            name = str(file.relative_to(root).with_suffix(""))
            # Numbers as they stand in the text: 1.0 is not 1, and no digit of a large one is lost.
            groups = json.loads(file.read_text(), parse_float=Raw, parse_int=Raw)
            for group in groups:
                tests = [{key: test[key] for key in ("description", "data", "valid")} for test in group["tests"]]
                line = {"file": name, "description": group["description"], "schema": group["schema"], "tests": tests}
                out.write(dump(line) + "\n")


class Raw(str):
    """A number's text."""


def dump(value):
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(json.dumps(key) + ":" + dump(item) for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(dump(item) for item in value) + "]"
    return json.dumps(value)


if __name__ == "__main__":
    main()
