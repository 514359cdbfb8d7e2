#!/usr/bin/env python3
"""litellm against a running server: python litellm_client.py BASE_URL MODEL EMBEDDING_MODEL"""
import litellm
from checks import base, check, embedder, hello, model

common = {"api_base": base + "/v1", "api_key": "any", "num_retries": 0}
chat = {**common, "model": "openai/" + model, "messages": hello, "temperature": 0, "max_tokens": 24}


@check("a chat answers with its text and usage")
def _():
    answer = litellm.completion(**chat)
    assert answer.choices[0].message.content and answer.usage.total_tokens > 0


@check("a stream says the same")
def _():
    chunks = litellm.completion(**chat, stream=True)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text == litellm.completion(**chat).choices[0].message.content


@check("an unknown model is NotFoundError")
def _():
    try:
        litellm.completion(**{**chat, "model": "openai/none"})
    except litellm.NotFoundError:
        return
    raise AssertionError("it answered")


@check("texts are embedded")
def _():
    answer = litellm.embedding(
        **common, model="openai/" + embedder, input=["a", "b"], encoding_format="float")
    assert len(answer.data) == 2
