#!/usr/bin/env python3
"""LangChain's OpenAI classes against a running server: python langchain_client.py BASE_URL MODEL EMBEDDING_MODEL"""
import sys

from langchain_openai import ChatOpenAI, OpenAIEmbeddings

base, model, embedder = sys.argv[1:4]
chat = ChatOpenAI(base_url=base + "/v1", api_key="any", model=model, temperature=0, max_tokens=24, max_retries=0)
failed = 0


def check(sentence, function):
    global failed
    try:
        assert function()
        print("ok    ", sentence)
    except Exception as error:  # noqa: BLE001
        failed += 1
        print("FAILED", sentence, "-", type(error).__name__, str(error)[:300])


check("a chat answers with its text and usage",
      lambda: (a := chat.invoke("Say hello.")).content and a.usage_metadata["total_tokens"] > 0)
check("a stream says the same",
      lambda: "".join(c.content for c in chat.stream("Say hello.")) == chat.invoke("Say hello.").content)
check("a batch answers in order", lambda: len(chat.batch(["Say hello.", "Say goodbye."])) == 2)
check("a bound tool is called",
      lambda: chat.bind_tools(
          [{"type": "function", "function": {"name": "weather", "description": "The weather.", "parameters": {
              "type": "object", "properties": {"city": {"enum": ["Oslo"]}}, "required": ["city"]}}}],
          tool_choice="required").invoke("How is the weather in Oslo?").tool_calls[0]["name"] == "weather")
check("texts are embedded with the setting that the error names",
      lambda: len(OpenAIEmbeddings(base_url=base + "/v1", api_key="any", model=embedder,
                                   check_embedding_ctx_length=False).embed_documents(["a", "b"])) == 2)
sys.exit(failed)
