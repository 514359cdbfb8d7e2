"""What the scripts that train and judge guards share: packages from PyPI, and a server of this project."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
CACHE = os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))
PEERS = os.environ.get("LLAMA_STACK_PEERS", os.path.join(CACHE, "llama-stack-peers"))


def environment(name, *packages):
    """A Python with these packages, in a folder of its own below PEERS."""
    folder = os.path.join(PEERS, name)
    python, mark = os.path.join(folder, "bin/python"), os.path.join(folder, ".installed")
    wanted = " ".join(packages)
    if not os.path.exists(mark) or open(mark, encoding="utf-8").read() != wanted:
        print(f"Installing {wanted} below {folder} ...", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages], check=True)
        with open(mark, "w", encoding="utf-8") as file:
            file.write(wanted)
    return python


class Server:
    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}"

    def post(self, path, body):
        request = urllib.request.Request(
            self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=600) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            sys.exit(f"error: {path} answered {error.code}: {error.read().decode()[:1000]}")

    def is_ready(self):
        with contextlib.suppress(OSError), urllib.request.urlopen(self.url + "/health/ready", timeout=5) as answer:
            return answer.status == 200
        return False


@contextlib.contextmanager
def serving(distribution, binary):
    """A server of the distribution, on a port that is free now, until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        file, log = os.path.join(folder, "dist.yaml"), os.path.join(folder, "log")
        with open(file, "w", encoding="utf-8") as out:
            out.write(distribution + f"\nserver: {{host: 127.0.0.1, port: {port}}}\n")
        with open(log, "w", encoding="utf-8") as out:
            process = subprocess.Popen([binary, "run", file], stdout=out, stderr=out)
        try:
            server, end = Server(port), time.monotonic() + 120
            while not server.is_ready():
                if process.poll() is not None or time.monotonic() > end:
                    sys.exit(f"{open(log, encoding='utf-8').read()[-4000:]}\nerror: the server did not start")
                time.sleep(0.1)
            yield server
        finally:
            process.terminate()
            process.wait()
