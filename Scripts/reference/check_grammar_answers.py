#!/usr/bin/env python3
"""Whether answers that were held to JSON Schemas are valid, by the `jsonschema` of PyPI.

    Scripts/reference/check_grammar_answers.py SCHEMAS ANSWERS

SCHEMAS has lines of {"schema", "prompt"}, ANSWERS what `llama-stack-bench grammar-answers` printed for it.
"""
import json
import sys

from jsonschema import Draft202012Validator

schemas = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
*answers, total = [json.loads(line) for line in open(sys.argv[2], encoding="utf-8")]
assert len(schemas) == len(answers)
ends, invalid = {}, 0
for row, answer in zip(schemas, answers):
    end = answer["end"].split("(")[0]
    ends[end] = ends.get(end, 0) + 1
    if end not in {"complete", "stop"}:
        continue
    try:
        errors = list(Draft202012Validator(row["schema"]).iter_errors(json.loads(answer["text"])))
    except ValueError as error:
        errors = [error]
    if errors:
        invalid += 1
        print(f"invalid: {answer['text']!r}: {errors[0]}"[:400])
print(f"{len(answers)} answers, ends {ends}, invalid of those that ended: {invalid}; {total}")
sys.exit(invalid > 0)
