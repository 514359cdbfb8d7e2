"""torch, PEFT, TRL and llama.cpp from PyPI, and the model as they read it: what the measurements of training share."""
import os
import pathlib
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
CACHE = os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))
FOLDER = os.path.join(os.environ.get("LLAMA_STACK_PEERS", os.path.join(CACHE, "llama-stack-peers")), "training")
PACKAGES = [
    "torch==2.13.0", "transformers==5.24.0", "peft==0.21.2", "trl==1.16.0", "bitsandbytes==0.50.2", "xllamacpp==2026.10.11549",
    "gguf", "numpy"]
MODEL = os.path.join(ROOT, "models/SmolLM2-135M-Instruct.Q4_1.gguf")


def output(command):
    run = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"{run.stderr[-2000:]}\nerror: {command[0]} ended with status {run.returncode}.")
    return run.stdout.strip()


def installed():
    """The Python of the peers, installed the first time (several gigabytes)."""
    python = os.path.join(FOLDER, "bin/python")
    # Says which packages are there, so that an older list is completed.
    mark = pathlib.Path(FOLDER, "complete")
    if not mark.exists() or mark.read_text(encoding="utf-8").split() != PACKAGES:
        print(f"Installing torch, PEFT, TRL and llama.cpp below {FOLDER} ...", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", FOLDER], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES], check=True)
        mark.write_text("\n".join(PACKAGES), encoding="utf-8")
    return python


def decoded(python, model=MODEL):
    """The folder of the model in f32, made once."""
    os.makedirs(FOLDER, exist_ok=True)
    folder = os.path.join(FOLDER, os.path.basename(model) + "-f32")
    if not os.path.exists(os.path.join(folder, "tokenizer_config.json")):
        output([python, os.path.join(ROOT, "Scripts", "bench_peers", "decode_llama.py"), model, folder])
    return folder
