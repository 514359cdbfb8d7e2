#!/usr/bin/env python3
"""Holds a server against the document that it serves: schemathesis (from PyPI, into .build/schemathesis) asks every route what the
document allows and what it does not, and runs all its checks on the answers.

    Scripts/check-openapi.py                     starts a server with every API and no large model, on a free port
    Scripts/check-openapi.py --seconds 600       for longer than the minute that CI gives it
    Scripts/check-openapi.py --document FILE     another document than the served one, to see that a lie is found
    Scripts/check-openapi.py --only /v1/models   the paths that begin so

A failure is printed with the request as a curl command, and the exit code is 1 then. The seed is fixed: --seed N gives other requests."""
import argparse
import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".build/schemathesis"
RELEASE = "schemathesis==4.32.5"
BINARY = Path(os.environ.get("LLAMA_STACK_BIN", ROOT / ".build/release/llama-stack"))

# The tests' own provider takes all that the tables allow; the tiny model has every option of generation.
DISTRIBUTION = """
version: 1
name: openapi
state: {folder}/state
providers:
  inference:
    - {{provider_id: scripted, provider_type: inline::scripted, library: {library}}}
    - {{provider_id: cpu, provider_type: inline::cpu, config: {{threads: 1, context_tokens_max: 512}}}}
{others}
models:
  - {{model_id: scripted, provider_id: scripted, api: inference}}
  - {{model_id: tiny, provider_id: cpu, path: {root}/Tests/Fixtures/training/chat.gguf}}
  - {{model_id: judge, provider_id: scripted, api: reward_scoring}}
shields: [{{shield_id: guard}}]
tool_groups: [{{tool_group_id: all}}]
"""
OTHERS = ("agentic_system memory_banks datasets reward_scoring synthetic_data_generation post_training tools safety").split()


def schemathesis():
    """The command, installed the first time."""
    command = FOLDER / "bin/schemathesis"
    stamp = FOLDER / RELEASE
    if not stamp.exists():
        venv.create(FOLDER, with_pip=True, clear=True)
        subprocess.run([FOLDER / "bin/pip", "install", "--quiet", "--disable-pip-version-check", RELEASE], check=True)
        stamp.touch()
    return command


@contextlib.contextmanager
def server(folder):
    """The address of a server with every API."""
    library = BINARY.parent / "libscripted-provider.so"
    others = [f"  {api}: [{{provider_id: scripted, provider_type: inline::scripted, library: {library}}}]" for api in OTHERS]
    distribution = Path(folder, "openapi.yaml")
    distribution.write_text(DISTRIBUTION.format(folder=folder, root=ROOT, library=library, others="\n".join(others)))
    log = Path(folder, "log")
    process = subprocess.Popen(
        [BINARY, "run", distribution, "--port", "0"], stdout=subprocess.PIPE, stderr=log.open("w"), text=True)
    try:
        ready = re.match(r"ready: (http://[^ ]*)", process.stdout.readline())
        if not ready:
            sys.exit(f"error: the server did not start:\n{log.read_text()}")
        yield ready[1]
        if process.poll() is not None:
            sys.exit(f"error: the server ended with {process.returncode}:\n{log.read_text()[-3000:]}")
    finally:
        process.terminate()
        process.wait()


def check(url, arguments):
    document = arguments.document or f"{url}/openapi.json"
    command = [
        schemathesis(), "run", document, "--url", url, "--checks", "all", "--exclude-checks", "positive_data_acceptance", "--seed", str(arguments.seed),
        "--max-time", str(arguments.seconds), "--no-color", "--generation-database", "none",
        "--request-timeout", "60", "--warnings", "off", "--max-failures", str(arguments.failures)]
    if arguments.examples:
        command += ["--max-examples", str(arguments.examples)]
    if arguments.only:
        command += ["--include-path-regex", "^" + re.escape(arguments.only)]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "openapi_hooks", "PYTHONPATH": str(ROOT / "Scripts/openapi"),
                   "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, env=environment, cwd=FOLDER).returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", nargs="?", help="a server that runs: http://127.0.0.1:8321")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--examples", type=int, help="requests of each kind for an operation, at most")
    parser.add_argument("--failures", type=int, default=20, help="after so many it stops")
    parser.add_argument("--document")
    parser.add_argument("--only", help="the beginning of the paths to ask")
    parser.add_argument("--install", action="store_true", help="fetch schemathesis, and ask nothing")
    arguments = parser.parse_args()
    if arguments.install:
        return schemathesis()
    if arguments.url:
        sys.exit(check(arguments.url, arguments))
    with tempfile.TemporaryDirectory() as folder, server(folder) as url:
        code = check(url, arguments)
    sys.exit(code)


if __name__ == "__main__":
    main()
