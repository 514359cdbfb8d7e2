#!/usr/bin/env python3
"""What one large document takes of memory and time: 64 MiB of each type, one server each.

    Scripts/bench-large-documents.py [--mib N] [--kinds html,json] [--isolation process]

The server's memory and that of its children (the provider's process, the reader of documents) are read every 5 ms, above
what they had before the document came: while it is taken in, until the answer, and while it is read and indexed, until a
search by words finds its last word. Prints both peaks over the document's size, and exits 1 when one is above four times.
"""
import argparse
import base64
import contextlib
import http.client
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
TIMES_MAX = 4
DISTRIBUTION = """
version: 1
name: bench-large-documents
state: {state}
providers:
  memory_banks:
    - provider_id: banks
      provider_type: inline::file
      isolation: {isolation}
"""
LAST = "zyxwvlast"


def words(seed):
    """Random sentences of 20,000 words, some of them much more frequent than others."""
    chance = random.Random(seed)
    known = ["".join(chance.choices("etaoinshrdlucmfw", k=chance.randint(2, 11))) for _ in range(20_000)]
    while True:
        yield " ".join(known[min(int(chance.paretovariate(0.6)), 20_000) - 1] for _ in range(chance.randint(6, 18)))


def document(kind, size):
    """Bytes of the kind, as long as that and no longer than a paragraph more."""
    sentences, parts, length = words(1), [], 0

    def add(text):
        nonlocal length
        parts.append(text)
        length += len(text)

    opening, end = {
        "html": ("<!DOCTYPE html><html><head><title>Large</title></head><body>\n", f"<p>{LAST}</p></body></html>\n"),
        "json": ("[\n", json.dumps({"last": LAST}) + "]\n"),
        "numbers": ("[", f'"{LAST}"]\n'),
        "xml": ('<?xml version="1.0"?>\n<all>\n', f"<last>{LAST}</last></all>\n"),
    }.get(kind, ("", LAST + "\n"))
    add(opening)
    number = 0
    while length < size - len(end) - 500:
        number += 1
        first, second = next(sentences), next(sentences)
        match kind:
            case "html":
                add(f'<h2 id="s{number}">{first[:30]}</h2>\n<p class="text">{first}, <a href="/p/{number}">{second[:20]}</a> '
                    f"and <em>{second}</em>.</p>\n<ul><li>{first[:24]}</li><li>{second[:24]}</li></ul>\n")
            case "markdown":
                add(f"## {first[:30]}\n\n{first}, [{second[:20]}](/p/{number}) and *{second}*.\n\n"
                    f"- {first[:24]}\n- {second[:24]}\n\n")
            case "json":
                add(json.dumps({"id": number, "title": first[:30], "tags": second.split()[:4], "text": first}) + ",\n")
            case "numbers":
                add("".join(f"{(number * 7919 + place) % 9}," for place in range(200)))
            case "xml":
                add(f'<item id="{number}"><title>{first[:30]}</title><text>{first} <b>{second}</b></text></item>\n')
            case _:
                add(f"{first}.\n{second}.\n\n")
    add(end)
    text = "".join(parts)
    return text.replace("u", "\u00fc").encode("latin-1") if kind == "latin1" else text.encode()


TYPES = {
    "html": "text/html", "markdown": "text/markdown", "plain": "text/plain", "json": "application/json",
    "numbers": "application/json", "xml": "application/xml", "latin1": "text/plain; charset=iso-8859-1",
}


class Server:
    def __init__(self, folder, isolation):
        path = pathlib.Path(folder) / "large.yaml"
        path.write_text(DISTRIBUTION.format(state=folder + "/state", isolation=isolation))
        self.process = subprocess.Popen(
            [str(ROOT / ".build/release/llama-stack"), "run", str(path), "--port", "0", "--log-level", "warning"],
            stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
            if found:
                break
        else:
            sys.exit("the server did not start")
        self.connection = http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=600)
        self.peak, self.is_watching = 0, True
        self.call("POST", "/memory_banks/create?bank_uuid=large&bank_name=large", b"[]")
        self.idle = self.bytes()
        self.watcher = threading.Thread(target=self.watch)
        self.watcher.start()

    def call(self, verb, path, body=None):
        self.connection.request(verb, path, body, {"Content-Type": "application/json"} if body else {})
        reply = self.connection.getresponse()
        answer = reply.read()
        if reply.status != 200:
            raise RuntimeError(f"{path}: {reply.status} {answer[:300]!r}")
        return json.loads(answer) if answer.strip() else None

    def family(self):
        """The server's process and all below it."""
        parents = {}
        for entry in pathlib.Path("/proc").iterdir():
            try:
                if entry.name.isdigit():
                    parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
        found = [self.process.pid]
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid]
        return found

    def bytes(self, family=None):
        """Resident memory of them all; what they share counts once for each."""
        total = 0
        for pid in family or self.family():
            try:
                total += int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            except OSError:
                continue
        return total

    def watch(self):
        turn = 0
        while self.is_watching:
            family = self.family() if turn % 16 == 0 else family
            self.peak = max(self.peak, self.bytes(family))
            time.sleep(0.005)
            turn += 1

    def take_peak(self):
        peak, self.peak = self.peak, 0
        return peak - self.idle

    def close(self):
        self.is_watching = False
        self.watcher.join()
        self.process.terminate()
        self.process.wait()


def run(kind, size, isolation):
    content = document(kind, size)
    body = json.dumps([{"uuid": "one", "content": base64.b64encode(content).decode(), "metadata": {},
                        "mime_type": TYPES[kind]}]).encode()
    size = len(content)
    del content
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(Server(folder, isolation)) as server:
        start = time.monotonic()
        server.call("POST", "/memory_bank/insert?bank_uuid=large", body)
        taken, intake = time.monotonic() - start, server.take_peak()
        while True:
            status = server.call("GET", "/memory_bank/status?bank_uuid=large&documents=one")
            if status["pending"] == 0:
                break
            time.sleep(0.1)
        indexed, indexing = time.monotonic() - start - taken, server.take_peak()
        query = json.dumps({"bank_uuids": ["large"], "query": LAST, "mode": "keyword"}).encode()
        found = server.call("POST", "/memory_bank/query", query)
    state = status["document_status"][0]
    times = max(intake, indexing) / size
    print(f"{kind}: {size / 1e6:.1f} MB, taken in within {taken:.1f} s at {intake / size:.2f} times its size, "
          f"{state['state']} after {indexed:.1f} s more at {indexing / size:.2f} times, {status['chunks']} chunks, "
          f"{'found' if found['chunks'] else 'NOT FOUND'}{', ' + state['reason'] if state.get('reason') else ''}", flush=True)
    return times <= TIMES_MAX and bool(found["chunks"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mib", type=int, default=64)
    parser.add_argument("--kinds", default=",".join(TYPES))
    parser.add_argument("--isolation", choices=["inline", "process"], default="inline")
    options = parser.parse_args()
    print(f"{options.mib} MiB, isolation: {options.isolation}; at most {TIMES_MAX} times; load {os.getloadavg()[0]:.1f}")
    outcomes = [run(kind, options.mib << 20, options.isolation) for kind in options.kinds.split(",")]
    sys.exit(0 if all(outcomes) else 1)


main()
