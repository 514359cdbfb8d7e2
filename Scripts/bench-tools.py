#!/usr/bin/env python3
"""How well a model calls tools, beside llama.cpp's llama-server on the same file of weights and the same requests.

    Scripts/bench-tools.py [--rows easy,multiple,simple_python,irrelevance] [--choices required,auto] [--count N]
                           [--ways tools,template,json_schema | --no-peer]

The requests are Benchmarks/Tools/easy.jsonl, and those of the Berkeley Function Calling Leaderboard (bfcl-eval, from PyPI). Both
answer greedily. The peer is asked in three ways: `tools`, with the prompt and the grammar that it makes of them by itself, which
leaves the tools out where the model's template has no place for them; `template`, the same with Qwen 2.5's chat template, which
has the same marks of turns and a place for tools; and `json_schema`, with our prompt, word for word, and a schema of all calls,
which demands a call. One judge, that of `llama-stack-bench tools` written again, decides for all; what it says of ours is compared
with what that program said.

llama-server is built by Scripts/setup-peers.sh, from PyPI too. A run of everything takes an hour on two cores.
"""
import argparse
import concurrent.futures
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bfcl import ROOT, in_environment, mapped, unpack

PEERS = Path(os.environ.get("LLAMA_STACK_PEERS") or
             Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "llama-stack-peers")
MODEL = ROOT / "models/SmolLM2-135M-Instruct.Q4_1.gguf"
EASY = ROOT / "Benchmarks/Tools/easy.jsonl"
TEMPLATE = ROOT / "Tests/Fixtures/templates/qwen2.5.jinja"
WAYS = ("tools", "template", "json_schema")
TOGETHER = 8
# The keys of a schema that a model may learn from; the peer gets them.
DROPS = ("default", "format", "example", "optional")

# What a model is told whose template knows no tools, as Sources/ChatTemplates/Chat/PlainTools.swift writes it.
HEADING = ('You can call the functions below. To call one, answer with nothing but JSON of the form {"name": its name, '
           '"parameters": {argument: value}}.\n')
EXAMPLES = [
    ("Paint the wall of the bathroom in dark green.", "paint_wall", {"wall": "bathroom", "color": "dark green"}),
    ("Count the birds in Kyoto for 3 hours.", "count_birds", {"place": "Kyoto", "hours": 3}),
    ("Water the roses of Emma Stone.", "water_plants", {"plants": "roses", "owner": "Emma Stone"}),
    ("Lend the book Dune to Jack.", "lend_book", {"title": "Dune", "to": "Jack"}),
    ("Send 3 boxes of apples to Lima.", "send_boxes", {"content": "apples", "count": 3, "city": "Lima"}),
    ("Make the alarm ring at 06:45.", "set_alarm", {"time": "06:45"}),
]


def requests_of(name, count):
    """`{id, messages, tools, expected}`, `expected` as the leaderboard has it: `{tool: {argument: [right value, …]}}` or None."""
    file = EASY if name == "easy" else unpack(name)
    answers_file = file.parent / "possible_answer" / file.name
    answers = {}
    if answers_file.exists():
        for line in answers_file.read_text().splitlines():
            row = json.loads(line)
            answers[row["id"]] = row["ground_truth"][0]
    found, tools = [], []
    for line in file.read_text().splitlines():
        row = json.loads(line) if line.strip() else {}
        if "tools" in row:
            tools = row["tools"]
        if "id" not in row:
            continue
        question = row["question"]
        messages = [{"role": "user", "content": question}] if isinstance(question, str) else question[0]
        expected = row.get("call") if "function" not in row else answers.get(row["id"])
        found.append({"id": row["id"], "messages": messages, "tools": row.get("function") or tools, "expected": expected})
    return file, found[:count]


# The judge.


def folded(text):
    return "".join(text.lower().split())


def same(value, right):
    """Numbers by their value, texts without regard to case and white space; members of objects have lists of right values."""
    if isinstance(value, str) and isinstance(right, str):
        return folded(value) == folded(right)
    if isinstance(value, list) and isinstance(right, list):
        return len(value) == len(right) and all(map(same, value, right))
    if isinstance(value, dict) and isinstance(right, dict):
        if not set(value) <= set(right):
            return False
        for key, options in right.items():
            if not isinstance(options, list):
                if key not in value or not same(value[key], options):
                    return False
            elif key not in value:
                if "" not in options:
                    return False
            elif not any(same(value[key], option) for option in options) and not same(value[key], options):
                return False
        return True
    numbers = [one for one in (value, right) if isinstance(one, (int, float)) and not isinstance(one, bool)]
    if len(numbers) == 2:
        return float(value) == float(right)
    return type(value) is type(right) and value == right


def judged(request, calls):
    """-> called, right tool, valid arguments, right values"""
    expected = request["expected"]
    if not expected or len(calls) != 1:
        return bool(calls), False, False, False
    (name, arguments), = expected.items()
    given = calls[0]
    if given["tool_name"] != name:
        return True, False, False, False
    if not isinstance(given["arguments"], dict):
        return True, True, False, False
    import jsonschema
    tool = next(tool for tool in request["tools"] if tool["name"] == name)
    valid = not list(jsonschema.Draft202012Validator(mapped(tool["parameters"])).iter_errors(given["arguments"]))
    right = set(given["arguments"]) <= set(arguments) and all(
        any(same(given["arguments"][key], value) for value in values if value != "") if key in given["arguments"] else "" in values
        for key, values in arguments.items())
    return True, True, valid, right


# Ours.


def ours(file, requests, choice, most):
    options = ["--free"] if choice == "free" else ["--tool-choice", choice]
    command = [ROOT / ".build/release/llama-stack-bench", "tools", file, "--json", "--max-tokens", str(most), "--count",
               str(len(requests)), "--distribution", ROOT / "Distributions/cpu.yaml", *options]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    rows = [json.loads(line) for line in output.splitlines()]
    said = {row["id"]: row for row in rows if "id" in row}
    answers = {key: row["calls"] for key, row in said.items()}
    for request in requests:
        row = said[request["id"]]
        _, tool, _, right = judged(request, row["calls"])
        if (tool, right) != (row["right_tool"], row["right_values"]):
            sys.exit(f"error: the two judges differ on {request['id']}: {row}")
    return answers


# The peer.


class Peer:
    def __init__(self, template=None):
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            self.port = listening.getsockname()[1]
        self.log = tempfile.NamedTemporaryFile()
        self.process = subprocess.Popen(
            [PEERS / "bin/llama-server", "-m", MODEL, "--host", "127.0.0.1", "--port", str(self.port), "--jinja", "-np",
             str(TOGETHER), "-c", str(8192 * TOGETHER), "-t", str(os.cpu_count()),
             *(["--chat-template-file", template] if template else [])], stdout=self.log, stderr=self.log)
        for _ in range(600):
            try:
                if self.ask("GET", "/health", None)[0] == 200:
                    return
            except OSError:
                pass
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        sys.exit("error: llama-server did not start:\n" + Path(self.log.name).read_text()[-3000:])

    def ask(self, method, path, body):
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        client.request(method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json"})
        answer = client.getresponse()
        return answer.status, json.loads(answer.read())

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def calls(self, requests, way, choice, most):
        body = self.json_schema if way == "json_schema" else self.tools
        refused = []

        def one(request):
            status, answer = self.ask("POST", "/v1/chat/completions", {
                **body(request, choice), "temperature": 0, "max_tokens": most, "seed": 1})
            if status != 200:
                refused.append(f"{request['id']}: {json.dumps(answer)[:200]}")
                return request["id"], []
            message = answer["choices"][0]["message"]
            if way != "json_schema":
                found = [call["function"] for call in message.get("tool_calls") or []]
                return request["id"], [{"tool_name": call["name"], "arguments": read(call["arguments"])} for call in found]
            call = read(message.get("content"))
            if not isinstance(call, dict) or "name" not in call:
                return request["id"], []
            return request["id"], [{"tool_name": call["name"], "arguments": call.get("parameters")}]

        with concurrent.futures.ThreadPoolExecutor(TOGETHER) as pool:
            answers = dict(pool.map(one, requests))
        if refused:
            print(f"  llama-server refused {len(refused)} requests, such as {refused[0]}", file=sys.stderr)
        return answers

    @staticmethod
    def tools(request, choice):
        return {"messages": request["messages"], "tool_choice": choice, "tools": [
            {"type": "function", "function": {
                "name": tool["name"], "description": tool.get("description", ""), "parameters": mapped(tool["parameters"], DROPS)}}
            for tool in request["tools"]]}

    @staticmethod
    def json_schema(request, _):
        names = {tool["name"] for tool in request["tools"]}
        messages = list(request["messages"])
        system = HEADING + "".join("\n" + line(tool) for tool in request["tools"])
        if messages[0]["role"] == "system":
            system = messages.pop(0)["content"] + "\n\n" + system
        worked = [message for question, name, arguments in EXAMPLES if name not in names for message in (
            {"role": "user", "content": question},
            {"role": "assistant", "content": json.dumps({"name": name, "parameters": arguments}, ensure_ascii=False)})]
        schema = {"anyOf": [
            {"type": "object", "properties": {"name": {"const": tool["name"]}, "parameters": mapped(tool["parameters"])},
             "required": ["name", "parameters"], "additionalProperties": False} for tool in request["tools"]]}
        return {"messages": [{"role": "system", "content": system}, *worked, *messages],
                "response_format": {"type": "json_schema", "json_schema": {"name": "call", "schema": schema}}}


def line(tool):
    """`name(arg, arg?: a|b): what it does`."""
    schema = tool["parameters"]
    required = schema.get("required") or []
    arguments = []
    for name, value in (schema.get("properties") or {}).items():
        text = name if name in required else name + "?"
        if isinstance(value, dict) and isinstance(value.get("enum"), list):
            text += ": " + "|".join(one if isinstance(one, str) else json.dumps(one) for one in value["enum"])
        arguments.append(text)
    summary = " ".join(tool.get("description", "").split())
    return f"{tool['name']}({', '.join(arguments)})" + (f": {summary}" if summary else "")


def read(text):
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return None


# The table.


def show(name, requests, choice, engine, answers, seconds):
    results = [(request, judged(request, answers[request["id"]])) for request in requests]
    needed = [result for request, result in results if request["expected"]]
    vain = [result for request, result in results if not request["expected"]]
    cell = lambda counted, place: str(sum(result[place] for result in counted)) if counted else ""
    tools = f"{cell(needed, 1)}, {cell(needed, 2)}" if needed else ""
    in_vain = f"{cell(vain, 0)} of {len(vain)}" if vain else ""
    print(f"| {name}, {len(needed) or len(vain)} | `{choice}` | {engine} | {tools} | {cell(needed, 3)} | {in_vain} | {seconds:.0f} |",
          flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default="easy,multiple,simple_python,irrelevance")
    parser.add_argument("--choices", default="required,auto")
    parser.add_argument("--count", type=int, help="requests of each file, from the first")
    parser.add_argument("--ways", default=",".join(WAYS), help="how the peer is asked")
    parser.add_argument("--no-peer", action="store_true", help="ours alone")
    options = parser.parse_args()
    asked = [] if options.no_peer else options.ways.split(",")
    if unknown := set(asked) - set(WAYS):
        parser.error(f"--ways must be of {', '.join(WAYS)}, with commas between, got {', '.join(sorted(unknown))}")
    in_environment()
    print("| requests | `tool_choice` | engine | right tool, with valid arguments | right values | calls where none helps | s |")
    print("| --- | --- | --- | --- | --- | --- | --- |", flush=True)
    peers = {}
    if asked:
        subprocess.run([ROOT / "Scripts/setup-peers.sh"], check=True, stdout=sys.stderr)
    try:
        for way in asked:
            peers[way] = Peer(TEMPLATE) if way == "template" else Peer()
        for name in options.rows.split(","):
            file, requests = requests_of(name, options.count)
            most = 256 if name == "easy" else 128
            for choice in options.choices.split(","):
                if name == "irrelevance" and choice == "required":
                    continue
                began = time.monotonic()
                show(name, requests, choice, "ours", ours(file, requests, choice, most), time.monotonic() - began)
                for way, peer in peers.items():
                    if way == "json_schema" and choice != "required":
                        continue
                    began = time.monotonic()
                    show(name, requests, choice, f"llama-server, `{way}`", peer.calls(requests, way, choice, most),
                         time.monotonic() - began)
    finally:
        for peer in peers.values():
            peer.stop()


main()
