#!/usr/bin/env python3
"""OpenAI's Agents SDK over chat completions: python openai_agents_client.py BASE_URL MODEL EMBEDDING_MODEL"""
import asyncio

from agents import Agent, ModelSettings, OpenAIChatCompletionsModel, Runner, function_tool, set_tracing_disabled
from checks import base, check, model
from openai import AsyncOpenAI
from pydantic import BaseModel

set_tracing_disabled(True)
asked = []
# One loop for all: the client keeps its connections.
run = asyncio.Runner().run


def agent(**more):
    client = AsyncOpenAI(base_url=base + "/v1", api_key="any", max_retries=0)
    settings = {"temperature": 0, "max_tokens": 48, **more.pop("settings", {})}
    return Agent(
        name="helper", instructions="Be brief.", model_settings=ModelSettings(**settings),
        model=OpenAIChatCompletionsModel(model=model, openai_client=client), **more)


@function_tool
def weather(city: str) -> str:
    """The weather of a city."""
    asked.append(city)
    return "sunny"


class City(BaseModel):
    name: str


@check("a run ends with an answer, and says what it used")
def _():
    result = run(Runner.run(agent(), "Say hello."))
    assert result.final_output and result.context_wrapper.usage.output_tokens > 0


@check("a streamed run says the same")
def _():
    async def streamed():
        result = Runner.run_streamed(agent(), "Say hello.")
        text = ""
        async for event in result.stream_events():
            if event.type == "raw_response_event" and event.data.type == "response.output_text.delta":
                text += event.data.delta
        return text, result.final_output
    text, final = run(streamed())
    assert text and text == final == run(Runner.run(agent(), "Say hello.")).final_output


@check("a demanded tool is run, and its result is the answer where that is asked for")
def _():
    asked.clear()
    helper = agent(tools=[weather], settings={"tool_choice": "required"}, tool_use_behavior="stop_on_first_tool")
    assert run(Runner.run(helper, "How is the weather in Oslo?")).final_output == "sunny"
    assert len(asked) == 1 and isinstance(asked[0], str)


@check("an answer of a type is a value of it")
def _():
    result = run(Runner.run(
        agent(output_type=City, settings={"max_tokens": 200}), "Name the capital of Norway."))
    assert isinstance(result.final_output, City)
