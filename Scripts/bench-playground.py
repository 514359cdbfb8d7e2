#!/usr/bin/env python3
"""Measures the playground in a headless Chromium: bytes, time to ready, and how long a stream keeps the page from answering.

    Scripts/bench-playground.py [--rounds 5] [--tokens 10000] [--binary .build/release/llama-stack]

Needs what `make browser` brings. The bytes are those of all files, as they are sent to a browser. Ready is from the
navigation's start until the first view can be used, the cache empty. The stream is of the echo provider, which sends as fast as it is read:
text of paragraphs, lists, tables and code, and a paragraph without an end. A task is what the page's main thread does
in one piece; the longest one is counted from the first token to the last.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
sys.path.insert(0, f"{ROOT}/Tests/Fixtures/browser")
from browser import Browser  # noqa: E402

DISTRIBUTION = """version: 1
name: bench
server: {port: 0}
providers:
  inference:
    - {provider_id: echo, provider_type: inline::echo}
models:
  - {model_id: echo, provider_id: echo}
"""
BLOCK = """## A heading of the answer

Some words of a paragraph with **strong** ones, `code` and a [link](https://example.com/) that go on for a while.

- an item of a list with *stress*
- another item

| left | right |
| --- | --- |
| one cell | another cell |

```swift
let answer = 42
print("a line of code", answer)
```

"""


def main():
    parser = argparse.ArgumentParser(description="The playground in numbers.", allow_abbrev=False)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=10000)
    parser.add_argument("--binary", default=f"{ROOT}/.build/release/llama-stack")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/bench.yaml", "w", encoding="utf-8") as file:
            file.write(DISTRIBUTION)
        server = subprocess.Popen(
            [arguments.binary, "run", f"{folder}/bench.yaml"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True)
        try:
            base = server.stdout.readline().split()[1] + "/"
            measure(arguments, base)
        finally:
            server.terminate()
            server.wait(30)


def measure(arguments, base):
    total, files = size(base)
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors, {arguments.rounds} rounds")
    print(f"bytes of all {files} files: {total}")
    ready = [time_to_ready(base) for _ in range(arguments.rounds)]
    print(f"navigation to ready: {spread(ready)} ms")
    words = (BLOCK * (arguments.tokens // len(BLOCK.split()) + 1)).split(" ")
    for name, text in [("blocks", " ".join(words)), ("one paragraph", "word " * arguments.tokens)]:
        rounds = [stream(base, text) for _ in range(arguments.rounds)]
        wall, processor, seconds = zip(*rounds)
        print(f"{arguments.tokens} tokens, {name}: longest task {spread(wall)} ms, of processor time {spread(processor)} ms; "
              f"stream {spread(seconds)} s")


def size(base):
    """The page, and each file that it or its modules name."""
    folder = f"{ROOT}/Sources/Playground/pages"
    names = [os.path.relpath(f"{path}/{name}", folder) for path, _, files in os.walk(folder) for name in files]
    total = 0
    for name in names:
        address = base + ("" if name == "index.html" else f"ui/{name}")
        with urllib.request.urlopen(urllib.request.Request(address, headers={"Accept-Encoding": "gzip"})) as answer:
            total += len(answer.read())
    return total, len(names)


def time_to_ready(base):
    with Browser(base, "") as browser:
        browser.open("#/chat")
        return browser.run("return performance.getEntriesByName('ready')[0].startTime")


def stream(base, text):
    """(the longest task in ms, in ms of processor time, seconds from the first token to the end)"""
    with Browser(base, "", trace="toplevel,disabled-by-default-devtools.timeline,devtools.timeline") as browser:
        browser.open("#/chat?model=echo")
        browser.fill("Message", text)
        browser.traced()
        browser.run("performance.mark('begin')")
        start = time.monotonic()
        browser.press("Send")
        # Nothing is asked of the page while it draws.
        time.sleep(1)
        browser.until(lambda: "first token" in browser.text("main li.assistant footer"), "the answer has ended", 120)
        seconds = time.monotonic() - start
        browser.send("POST", "/url", {"url": "about:blank"})
        return *longest(browser.traced()), seconds


def longest(events):
    threads = {(event["pid"], event["tid"]): event["args"]["name"] for event in events if event["name"] == "thread_name"}
    tasks = [
        event for event in events
        if event["name"] in ("RunTask", "ThreadControllerImpl::RunTask") and event.get("dur")
        and threads.get((event["pid"], event["tid"])) == "CrRendererMain"]
    # Of a machine that does other things too, the second says more.
    return max(task["dur"] for task in tasks) / 1000, max(task.get("tdur", 0) for task in tasks) / 1000


def spread(values):
    return f"{statistics.median(values):.1f} ({min(values):.1f} to {max(values):.1f})"


if __name__ == "__main__":
    main()
