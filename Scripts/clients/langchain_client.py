#!/usr/bin/env python3
"""LangChain's OpenAI classes against a running server: python langchain_client.py BASE_URL MODEL EMBEDDING_MODEL"""
from checks import base, check, embedder, model, weather
from langchain_openai import ChatOpenAI, OpenAIEmbeddings

chat = ChatOpenAI(base_url=base + "/v1", api_key="any", model=model, temperature=0, max_tokens=24, max_retries=0)


@check("a chat answers with its text and usage")
def _():
    answer = chat.invoke("Say hello.")
    assert answer.content and answer.usage_metadata["total_tokens"] > 0


@check("a stream says the same")
def _():
    assert "".join(chunk.content for chunk in chat.stream("Say hello.")) == chat.invoke("Say hello.").content


@check("a batch answers in order")
def _():
    alone = [chat.invoke(text).content for text in ("Say hello.", "Say goodbye.")]
    assert [answer.content for answer in chat.batch(["Say hello.", "Say goodbye."])] == alone


@check("a bound tool is called")
def _():
    bound = chat.bind_tools([{"type": "function", "function": weather}], tool_choice="required")
    assert bound.invoke("How is the weather in Oslo?").tool_calls[0]["name"] == "weather"


@check("texts are embedded with the setting that the error names")
def _():
    embeddings = OpenAIEmbeddings(
        base_url=base + "/v1", api_key="any", model=embedder, check_embedding_ctx_length=False)
    assert len(embeddings.embed_documents(["a", "b"])) == 2
