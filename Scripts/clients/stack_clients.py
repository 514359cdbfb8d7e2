#!/usr/bin/env python3
"""llama-stack-client and its successor ogx_client, on the routes that both have: python stack_clients.py BASE_URL MODEL
EMBEDDING_MODEL
"""
from checks import base, check, embedder, hello, model

try:
    from ogx_client import OgxClient as Client
    from ogx_client.exceptions import NotFoundException as NotFoundError
except ImportError:
    from llama_stack_client import LlamaStackClient as Client, NotFoundError

client = Client(base_url=base)
greedy = {"model": model, "temperature": 0, "max_tokens": 16}


def listed():
    models = client.models.list()
    return {entry.id: entry for entry in getattr(models, "data", models)}


@check("the list of models says which of them embeds")
def _():
    kinds = {name: entry.custom_metadata["model_type"] for name, entry in listed().items()}
    assert kinds[model] == "llm" and kinds[embedder] == "embedding", kinds


@check("a model is found by its name")
def _():
    assert client.models.retrieve(model).id == model


@check("an unknown model is not found")
def _():
    try:
        client.models.retrieve("no/such:model")
    except NotFoundError:
        return
    raise AssertionError("it was found")


@check("a chat answers with its usage")
def _():
    answer = client.chat.completions.create(messages=hello, **greedy)
    assert answer.choices[0].message.content and answer.usage.total_tokens > 0


@check("a streamed chat says the same")
def _():
    chunks = client.chat.completions.create(messages=hello, stream=True, **greedy)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == client.chat.completions.create(messages=hello, **greedy).choices[0].message.content


@check("a prompt is completed")
def _():
    assert client.completions.create(prompt="Once upon a time", **greedy).choices[0].text


@check("texts are embedded")
def _():
    data = client.embeddings.create(model=embedder, input=["a", "b"]).data
    assert [len(item.embedding) for item in data] == [384, 384]
