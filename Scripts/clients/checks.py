"""What the client scripts share: python CLIENT.py BASE_URL MODEL EMBEDDING_MODEL

Each check is a sentence above a function. A line is printed for each as it runs, and the exit code is the number of
those that fail.
"""
import atexit
import os
import sys

base, model, embedder = sys.argv[1:4]
hello = [{"role": "user", "content": "Say hello in one short sentence."}]
weather = {"name": "weather", "description": "The weather of a city.", "parameters": {
    "type": "object", "properties": {"city": {"type": "string", "enum": ["Oslo", "Rome"]}}, "required": ["city"],
    "additionalProperties": False}}
failed = 0


def check(sentence):
    def run(function):
        global failed
        try:
            function()
            print("ok    ", sentence, flush=True)
        except Exception as error:  # noqa: BLE001: a check that fails in any way has failed
            failed += 1
            print("FAILED", sentence, "-", type(error).__name__, str(error)[:300], flush=True)

    return run


@atexit.register
def _():
    sys.stdout.flush()
    if failed:
        os._exit(min(failed, 99))
