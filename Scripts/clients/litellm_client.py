#!/usr/bin/env python3
"""litellm against a running server: python litellm_client.py BASE_URL MODEL EMBEDDING_MODEL"""
import sys

import litellm

base, model, embedder = sys.argv[1:4]
common = {"api_base": base + "/v1", "api_key": "any", "num_retries": 0}
chat = {**common, "model": "openai/" + model, "messages": [{"role": "user", "content": "Say hello."}],
        "temperature": 0, "max_tokens": 24}
failed = 0


def check(sentence, function):
    global failed
    try:
        assert function()
        print("ok    ", sentence)
    except Exception as error:  # noqa: BLE001
        failed += 1
        print("FAILED", sentence, "-", type(error).__name__, str(error)[:300])


def refused():
    try:
        litellm.completion(**{**chat, "model": "openai/none"})
    except litellm.NotFoundError:
        return True
    return False


check("a chat answers with its text and usage",
      lambda: (a := litellm.completion(**chat)).choices[0].message.content and a.usage.total_tokens > 0)
check("a stream says the same",
      lambda: "".join(c.choices[0].delta.content or "" for c in litellm.completion(**chat, stream=True))
      == litellm.completion(**chat).choices[0].message.content)
check("an unknown model is NotFoundError", refused)
check("texts are embedded",
      lambda: len(litellm.embedding(**common, model="openai/" + embedder, input=["a", "b"],
                                    encoding_format="float").data) == 2)
sys.exit(failed)
