#!/usr/bin/env python3
"""LlamaIndex's class for servers like OpenAI's: python llama_index_client.py BASE_URL MODEL EMBEDDING_MODEL"""
from checks import base, check, model
from llama_index.core.llms import ChatMessage
from llama_index.core.tools import FunctionTool
from llama_index.llms.openai_like import OpenAILike

common = {"api_base": base + "/v1", "api_key": "any", "model": model, "max_retries": 0, "temperature": 0,
          "max_tokens": 24, "context_window": 8192}
chat = OpenAILike(**common, is_chat_model=True, is_function_calling_model=True)
hello = [ChatMessage(role="system", content="Be brief."), ChatMessage(role="user", content="Say hello.")]


def weather(city: str) -> str:
    """The weather of a city."""
    return "sunny in " + city


tool = FunctionTool.from_defaults(weather)


@check("a chat answers")
def _():
    assert chat.chat(hello).message.content


@check("a streamed chat says the same")
def _():
    assert "".join(chunk.delta for chunk in chat.stream_chat(hello)) == chat.chat(hello).message.content


@check("a prompt is completed, whole and as a stream")
def _():
    completion = OpenAILike(**common, is_chat_model=False)
    whole = completion.complete("Once upon a time").text
    assert whole and "".join(chunk.delta for chunk in completion.stream_complete("Once upon a time")) == whole


@check("a tool is called with its arguments")
def _():
    asked = chat.chat_with_tools([tool], user_msg="How is the weather in Oslo?", tool_required=True)
    calls = chat.get_tool_calls_from_response(asked)
    assert calls[0].tool_name == "weather" and isinstance(calls[0].tool_kwargs["city"], str)


@check("an asynchronous chat says the same")
def _():
    import asyncio
    assert asyncio.run(chat.achat(hello)).message.content == chat.chat(hello).message.content
