#!/usr/bin/env python3
"""Masks of grammars beside llguidance's, on the same tokens and the same schemas.

    Scripts/bench-grammar.py [--model FILE] [--lines N] [--compare N]

The schemas are the tools of bfcl-eval (PyPI), with arguments of their answers; llguidance is its peer. Both are
installed from PyPI into .build/grammar the first time. Prints a table of times over
all schemas, and for the first ones how the masks differ: llguidance allows one spelling of forced text, this all.
"""
import argparse
import collections
import json
import statistics
import subprocess
import sys
import time
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".build/grammar"
PEERS = ["llguidance==1.9.1", "gguf", "jsonschema"]
WORDS = {"dict": "object", "float": "number", "tuple": "array", "list": "array", "str": "string", "int": "integer",
         "bool": "boolean", "String": "string", "Boolean": "boolean", "Array": "array", "ArrayList": "array",
         "HashMap": "object", "Hashtable": "object", "Queue": "array", "Stack": "array", "long": "integer",
         "short": "integer", "byte": "integer", "double": "number", "char": "string", "Bigint": "integer"}


def in_environment():
    python = FOLDER / "venv/bin/python"
    if not python.exists():
        venv.create(FOLDER / "venv", with_pip=True)
        subprocess.run([python, "-m", "pip", "-q", "install", *PEERS], check=True)
        subprocess.run([python, "-m", "pip", "-q", "download", "--no-deps", "-d", FOLDER, "bfcl-eval"], check=True)
    if Path(sys.executable).resolve() != python.resolve() or "venv" not in sys.prefix:
        sys.exit(subprocess.run([python, *sys.argv]).returncode)


def mapped(schema):
    """A tool's parameters in the words of JSON Schema."""
    if isinstance(schema, list):
        return [mapped(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result = {}
    for key, value in schema.items():
        if key == "type" and isinstance(value, str):
            value = WORDS.get(value, value)
            if value == "any" or value not in {"object", "array", "string", "integer", "number", "boolean", "null"}:
                continue
        elif key == "properties" and isinstance(value, dict):
            value = {name: mapped(one) for name, one in value.items()}
        elif key in {"default", "description", "format", "example", "optional"}:
            continue
        elif key == "required" and not isinstance(value, list):
            continue
        else:
            value = mapped(value)
        result[key] = value
    if "properties" in result:
        # Where a schema does not speak of others, ours leaves them out and llguidance lets them in.
        result.setdefault("additionalProperties", False)
    return result


def lines():
    """Schemas of the tools, each with arguments where an answer has some."""
    found = collections.OrderedDict()
    archive = zipfile.ZipFile(next(FOLDER.glob("bfcl_eval*.whl")))
    names = [name for name in archive.namelist() if "BFCL_v4" in name and name.endswith(".json") and "unused" not in name]
    answers = {}
    for name in names:
        if "possible_answer" not in name:
            continue
        for line in archive.read(name).decode().splitlines():
            row = json.loads(line)
            truth = row.get("ground_truth")
            if isinstance(truth, list) and truth and isinstance(truth[0], dict):
                answers[row["id"]] = truth
    for name in names:
        if "possible_answer" in name:
            continue
        for line in archive.read(name).decode().splitlines():
            if not line.startswith("{\""):
                continue
            row = json.loads(line)
            tools = row.get("function") or []
            for tool in tools if isinstance(tools, list) else [tools]:
                schema = mapped(tool.get("parameters", {}))
                schema["additionalProperties"] = False
                key = json.dumps(schema)
                text = found.get(key, "{}")
                for call in answers.get(row["id"], []):
                    if tool["name"] in call:
                        # The options of each argument; of an empty one, the argument may be left out.
                        given = {k: v[0] for k, v in call[tool["name"]].items() if v and v[0] != ""}
                        ordered = {k: given[k] for k in schema.get("properties", {}) if k in given}
                        text = json.dumps(ordered, ensure_ascii=False)
                found[key] = text
    return [{"schema": json.loads(key), "text": text} for key, text in found.items()]


def vocabulary(model):
    """The bytes of each token; control tokens begin with 0xFF, as llguidance marks them."""
    from gguf import GGUFReader
    reader = GGUFReader(model)
    field = reader.fields["tokenizer.ggml.tokens"]
    tokens = [bytes(field.parts[index]).decode() for index in field.data]
    kinds = reader.fields["tokenizer.ggml.token_type"]
    types = [int(kinds.parts[index][0]) for index in kinds.data]
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    alphabet = {chr(byte): byte for byte in printable}
    for index, byte in enumerate(b for b in range(256) if b not in printable):
        alphabet[chr(256 + index)] = byte
    return [b"\xff" + token.encode() if kind == 3 else bytes(alphabet[c] for c in token)
            for token, kind in zip(tokens, types)]


class Tokens:
    """The tokenizer as llguidance takes it: it spells forced text by it."""

    def __init__(self, tokens, encode):
        self.tokens = tokens
        self.encode = encode
        self.eos_token_id = next(i for i, t in enumerate(tokens) if t[:1] == b"\xff")
        self.bos_token_id = None
        self.special_token_ids = [i for i, t in enumerate(tokens) if t[:1] == b"\xff"]

    def __call__(self, text):
        return self.encode(text if isinstance(text, bytes) else text.encode())


def longest(tokens):
    """Spells text by the longest tokens: near enough to the model's own way."""
    ids = {token: index for index, token in enumerate(tokens) if token[:1] != b"\xff"}
    most = max(map(len, ids))

    def encode(text):
        found, start = [], 0
        while start < len(text):
            end = next(e for e in range(min(len(text), start + most), start, -1) if text[start:e] in ids)
            found.append(ids[text[start:end]])
            start = end
        return found
    return encode


def ids(mask):
    return {index * 8 + bit for index, byte in enumerate(mask) for bit in range(8) if byte >> bit & 1}


def differences(rows, ours, tokens, matcher_of):
    """Masks compared token by token, by the kind of difference."""
    kinds, examples = collections.Counter(), {}
    special = {index for index, token in enumerate(tokens) if token[:1] == b"\xff"}
    for index, (row, own) in enumerate(zip(rows, ours)):
        matcher = matcher_of(row)
        if matcher.is_error() or "error" in own:
            kinds["one of the two refuses the schema"] += 1
            continue
        for token, digest in zip(own["tokens"], own["digests"]):
            here = ids(bytes.fromhex(digest))
            there = {one for one in ids(bytes(matcher.compute_bitmask())) if one < len(tokens)} - special
            more, fewer = here - there, there - here
            if not more and not fewer:
                kind = "same"
            elif matcher.compute_ff_bytes():
                kind = "forced text: llguidance has one spelling" if not fewer else "forced text, others missing"
            elif not fewer and all(b"\x7f" in tokens[one] for one in more):
                kind = "strings: the character 7F, which JSON allows, is left out by llguidance"
            elif fewer and all(b"\\u" in tokens[one] or b"\\/" in tokens[one] or tokens[one].endswith(b"\\")
                               for one in fewer) and not more:
                kind = "strings: other spellings of characters left out here"
            elif not more and all(set(tokens[one]) <= set(b"0123456789eE+-., ") for one in fewer):
                kind = "numbers: digits and exponents beyond what a number needs left out here"
            else:
                kind = "other"
                examples.setdefault(kind, []).append(
                    (row["text"], [tokens[one] for one in sorted(more)[:5]], [tokens[one] for one in sorted(fewer)[:5]]))
            kinds[kind] += 1
            if not matcher.consume_token(token):
                kinds["texts that llguidance does not take"] += 1
                break
    for kind, count in kinds.most_common():
        print(f"  {count:6} {kind}")
    for kind, some in examples.items():
        for one in some[:8]:
            print(f"  {kind}: {one}")


def peer(tokens):
    """Makes llguidance's matcher of a row."""
    import llguidance
    tokenizer = llguidance.LLTokenizer(
        llguidance.TokenizerWrapper(Tokens(tokens, longest(tokens))), n_vocab=len(tokens))

    def matcher(row):
        schema = dict(row["schema"])
        schema["x-guidance"] = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
        grammar = llguidance.LLMatcher.grammar_from_json_schema(json.dumps(schema))
        return llguidance.LLMatcher(tokenizer, grammar, log_level=0)
    return matcher


def times(rows, ours, matcher_of):
    """llguidance on the same tokens."""
    compile_us, mask_us, refused = [], [], 0
    for row, own in zip(rows, ours):
        start = time.perf_counter()
        matcher = matcher_of(row)
        compile_us.append((time.perf_counter() - start) * 1e6)
        if matcher.is_error():
            refused += 1
            continue
        for token in own.get("tokens", []):
            start = time.perf_counter()
            matcher.compute_bitmask()
            mask_us.append((time.perf_counter() - start) * 1e6)
            if not matcher.consume_token(token):
                break
    return compile_us, mask_us, refused


def row(name, compile_us, mask_us, refused):
    def percentile(values, share):
        values = sorted(values)
        return values[min(len(values) - 1, int(len(values) * share))] if values else float("nan")
    print(f"| {name} | {refused} | {percentile(compile_us, 0.5):.0f} / {max(compile_us, default=0):.0f} "
          f"| {statistics.mean(mask_us):.1f} | {percentile(mask_us, 0.5):.1f} | {percentile(mask_us, 0.99):.1f} "
          f"| {max(mask_us):.0f} |")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default=str(ROOT / "models/SmolLM2-135M-Instruct.Q4_1.gguf"))
    parser.add_argument("--lines", type=int, default=100000)
    parser.add_argument("--compare", type=int, default=100, help="schemas whose masks are compared token by token")
    parser.add_argument("--bench", default=str(ROOT / ".build/release/llama-stack-bench"))
    arguments = parser.parse_args()
    in_environment()
    rows = [row for row in lines() if row["text"] != "{}"][: arguments.lines]
    file = FOLDER / "schemas.jsonl"

    def run(rows, *options):
        file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
        command = [arguments.bench, "grammar", arguments.model, file, *options]
        output = subprocess.run(command, check=True, capture_output=True, text=True)
        return list(map(json.loads, output.stdout.splitlines()))

    start, *ours = run(rows)
    print(f"{len(rows)} schemas, trie {start['trie_us'] / 1000:.0f} ms, first masks {start['prepare_us'] / 1000:.0f} ms")
    for index, own in enumerate(ours):
        if "error" in own:
            print(f"refused {index}: {own['error']}")
    made = [own for own in ours if "error" not in own]
    print(f"{sum(own['is_final'] for own in made)} of {len(made)} texts fit\n")
    tokens = vocabulary(arguments.model)
    matcher = peer(tokens)
    theirs = times(rows, ours, matcher)
    print("| | refused | compile p50 / worst, µs | mask mean, µs | p50 | p99 | worst |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    compiled = [own["compile_us"] for own in made]
    row("ours", compiled, [time for own in made for time in own["mask_us"]], len(ours) - len(made))
    row("llguidance", *theirs)
    some = rows[: arguments.compare]
    print(f"\nMasks of the first {len(some)} schemas:")
    differences(some, run(some, "--masks")[1:], tokens, matcher)


main()
