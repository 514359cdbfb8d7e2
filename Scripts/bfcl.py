"""The files of the Berkeley Function Calling Leaderboard, from PyPI's bfcl-eval, and their schemas in JSON Schema's words."""
import json
import subprocess
import sys
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
    """Goes on in a Python environment of its own that has what is measured beside, which is made the first time."""
    python = FOLDER / "venv/bin/python"
    if not python.exists():
        venv.create(FOLDER / "venv", with_pip=True)
        subprocess.run([python, "-m", "pip", "-q", "install", *PEERS], check=True)
        subprocess.run([python, "-m", "pip", "-q", "download", "--no-deps", "-d", FOLDER, "bfcl-eval"], check=True)
    if Path(sys.executable).resolve() != python.resolve() or "venv" not in sys.prefix:
        sys.exit(subprocess.run([python, *sys.argv]).returncode)


def archive():
    return zipfile.ZipFile(next(FOLDER.glob("bfcl_eval*.whl")))


def unpack(name):
    """The requests of one category and, where it has some, its answers: files as `llama-stack-bench tools` reads them."""
    folder = FOLDER / "bfcl"
    (folder / "possible_answer").mkdir(parents=True, exist_ok=True)
    files = archive()
    for member in files.namelist():
        if member.endswith(f"/BFCL_v4_{name}.json") and "unused" not in member:
            answers = folder / "possible_answer" if "possible_answer" in member else folder
            (answers / f"{name}.json").write_bytes(files.read(member))
    return folder / f"{name}.json"


def mapped(schema, drops=("default", "description", "format", "example", "optional")):
    """A tool's parameters in the words of JSON Schema, without the keys `drops`."""
    if isinstance(schema, list):
        return [mapped(item, drops) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result = {}
    for key, value in schema.items():
        if key == "type" and isinstance(value, str):
            value = WORDS.get(value, value)
            if value == "any" or value not in {"object", "array", "string", "integer", "number", "boolean", "null"}:
                continue
        elif key == "properties" and isinstance(value, dict):
            value = {name: mapped(one, drops) for name, one in value.items()}
        elif key in drops:
            continue
        elif key == "required" and not isinstance(value, list):
            continue
        else:
            value = mapped(value, drops)
        result[key] = value
    if "properties" in result:
        # Where a schema does not speak of others, ours leaves them out and llguidance lets them in.
        result.setdefault("additionalProperties", False)
    return result
