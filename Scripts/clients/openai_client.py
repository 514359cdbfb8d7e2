#!/usr/bin/env python3
"""OpenAI's own client against a running server: python openai_client.py BASE_URL MODEL EMBEDDING_MODEL"""
import json

import openai
from checks import base, check, embedder, hello, model, weather

client = openai.OpenAI(base_url=base + "/v1", api_key="any", max_retries=0)
greedy = {"model": model, "temperature": 0}


def chat(**more):
    return client.chat.completions.create(**{**greedy, "messages": hello, "max_tokens": 24, **more})


@check("the list of models has the model, and each of its names finds it")
def _():
    assert model in [m.id for m in client.models.list()]
    assert client.models.retrieve(model).id == model


@check("an unknown model is NotFoundError with its code")
def _():
    try:
        chat(model="no/such:model")
        raise AssertionError("it answered")
    except openai.NotFoundError as error:
        assert error.code == "model_not_found" and error.param == "model", error.body


@check("a whole answer has its text, its reason and its usage")
def _():
    answer = chat()
    assert answer.choices[0].message.content and answer.choices[0].finish_reason in ("stop", "length")
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer.model == model and answer._request_id


@check("a stream says the same in pieces, with the usage at its end")
def _():
    chunks = list(chat(stream=True, stream_options={"include_usage": True}))
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == chat().choices[0].message.content
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].choices == [] and chunks[-1].usage.completion_tokens > 0
    assert len({c.id for c in chunks}) == 1


@check("max_tokens ends an answer with length")
def _():
    answer = chat(max_tokens=3)
    assert answer.choices[0].finish_reason == "length" and answer.usage.completion_tokens == 3


@check("a stop text ends an answer before it")
def _():
    whole = chat().choices[0].message.content
    stop = whole[4:9]
    answer = chat(stop=[stop])
    assert answer.choices[0].message.content == whole[: whole.index(stop)]
    assert answer.choices[0].finish_reason == "stop"


@check("the same seed draws the same answer")
def _():
    draws = [chat(temperature=1, seed=7).choices[0].message.content for _ in range(2)]
    assert draws[0] == draws[1]


@check("n makes several answers, and the first is the one of its seed alone")
def _():
    answer = chat(temperature=1, seed=7, n=3)
    assert [c.index for c in answer.choices] == [0, 1, 2]
    assert answer.choices[0].message.content == chat(temperature=1, seed=7).choices[0].message.content


@check("log probabilities come with the likeliest tokens")
def _():
    for tokens in (
        chat(logprobs=True, top_logprobs=3).choices[0].logprobs.content,
        [t for c in chat(logprobs=True, top_logprobs=3, stream=True) if c.choices[0].logprobs
         for t in c.choices[0].logprobs.content],
    ):
        assert tokens and all(len(t.top_logprobs) == 3 for t in tokens)
        assert all(t.logprob <= t.top_logprobs[0].logprob + 1e-6 for t in tokens)


@check("a bias takes a token out, and a penalty changes the answer")
def _():
    first = chat(logprobs=True, max_tokens=1)
    biased = chat(messages=hello, max_tokens=8, frequency_penalty=2, presence_penalty=2)
    assert first.choices[0].message.content and biased.choices[0].message.content is not None


@check("an answer in a schema is a value of it")
def _():
    schema = {"type": "object", "properties": {"city": {"type": "string", "maxLength": 12}}, "required": ["city"],
              "additionalProperties": False}
    answer = chat(max_tokens=64, response_format={"type": "json_schema", "json_schema": {"name": "a", "schema": schema}})
    assert list(json.loads(answer.choices[0].message.content)) == ["city"]


tools = [{"type": "function", "function": weather}]


@check("a demanded tool is called, and its result can be sent back")
def _():
    asked = chat(tools=tools, tool_choice="required", parallel_tool_calls=False, max_tokens=64)
    call = asked.choices[0].message.tool_calls[0]
    assert call.function.name == "weather" and json.loads(call.function.arguments)["city"] in ("Oslo", "Rome")
    assert asked.choices[0].finish_reason == "tool_calls"
    messages = hello + [asked.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": "sunny"}]
    assert chat(messages=messages, tools=tools).choices[0].finish_reason


@check("a named tool is called in a stream")
def _():
    named = {"type": "function", "function": {"name": "weather"}}
    deltas = [c.choices[0].delta.tool_calls for c in chat(tools=tools, tool_choice=named, stream=True, max_tokens=64)]
    calls = [c for d in deltas if d for c in d]
    assert calls[0].id and calls[0].function.name == "weather"
    json.loads("".join(c.function.arguments for c in calls))


@check("a prompt over the context is BadRequestError with context_length_exceeded")
def _():
    try:
        chat(messages=[{"role": "user", "content": "word " * 20000}])
        raise AssertionError("it answered")
    except openai.BadRequestError as error:
        assert error.code == "context_length_exceeded", error.body
        assert "maximum context length is" in error.message and "tokens, however you requested" in error.message


@check("a value out of its range is BadRequestError by its name")
def _():
    for field, value in {"temperature": 3, "top_p": 0, "n": 99, "max_tokens": 0}.items():
        try:
            chat(**{field: value})
            raise AssertionError(field)
        except openai.BadRequestError as error:
            assert error.param == field, error.body


@check("fields of other vendors are taken and named")
def _():
    raw = client.chat.completions.with_raw_response.create(
        **greedy, messages=hello, max_tokens=2, user="me", extra_body={"vendor_field": 1})
    assert raw.headers["x-ignored-fields"] == "user, vendor_field", raw.headers


@check("a completion goes on from its prompt, whole and as a stream")
def _():
    more = {**greedy, "prompt": "Once upon a time", "max_tokens": 8}
    whole = client.completions.create(**more, logprobs=2)
    assert whole.usage.completion_tokens == 8
    assert "".join(c.choices[0].text for c in client.completions.create(**more, stream=True)) == whole.choices[0].text
    assert len(whole.choices[0].logprobs.tokens) == len(whole.choices[0].logprobs.text_offset)


@check("embeddings are the same as numbers and as base64")
def _():
    numbers = client.embeddings.create(model=embedder, input=["the sea", "a dog"], encoding_format="float")
    packed = client.embeddings.create(model=embedder, input=["the sea", "a dog"])
    assert numbers.usage.prompt_tokens > 0 and len(numbers.data) == 2
    for a, b in zip(numbers.data, packed.data):
        assert max(abs(x - y) for x, y in zip(a.embedding, b.embedding)) < 1e-6
