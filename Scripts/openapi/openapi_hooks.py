"""What schemathesis is told beside the document: the names that the server of check-openapi.py has, what one field of a valid request
means for another, and the refusals that are a model's own."""
import re

import schemathesis
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

# Documented by their codes: another model or provider takes the same request.
OWN = {"unsupported_option", "unsupported_content", "context_length_exceeded", "template_error", "template_limit", "invalid_schema",
       "url_not_allowed"}


def model(path):
    """OpenAI's routes have options that only a real model has."""
    if "reward" in path:
        return "judge"
    return "tiny" if "completions" in path else "scripted"


def settle(body):
    """No schema says what a field means for another, nor what a model's vocabulary holds."""
    body = dict(body)
    if isinstance(body.get("messages"), list):
        body["messages"] = [settled(message) for message in body["messages"]]
    if isinstance(body.get("tools"), list):
        # Names of tools are unique.
        named = {(tool.get("function") or {}).get("name") if isinstance(tool, dict) else None: tool for tool in body["tools"]}
        body["tools"] = list(named.values())
    if not body.get("tools") or isinstance(body.get("tool_choice"), dict):
        body.pop("tool_choice", None)
    if not body.get("stream"):
        body.pop("stream_options", None)
    if not body.get("logprobs"):
        body.pop("top_logprobs", None)
    if body.get("tools"):
        body.pop("response_format", None)
    if body.get("tools") or body.get("response_format"):
        body.pop("ignore_eos", None)
    if body.get("prompt") in ("", [""]):
        body["prompt"] = "a"
    body.pop("logit_bias", None)
    return body


def settled(message):
    """Results answer calls of the message before them; calls have arguments that are JSON."""
    if not isinstance(message, dict) or "role" not in message:
        return message
    role = "user" if message["role"] in ("tool", "function") else message["role"]
    message = {**message, "role": role}
    if message.get("content") is None:
        message["content"] = "a"
    message["tool_calls"] = [
        {**call, "function": {**call["function"], "arguments": "{}"}} for call in message.get("tool_calls") or []]
    return message


@schemathesis.hook
def before_call(context, case, kwargs):
    """Of a request that is to be refused only the name of a model is settled, where that is one: else all would be for a model
    that does not exist, and nothing else be looked at."""
    meta = case.meta
    if meta is None or not isinstance(case.body, dict):
        return
    body = dict(case.body)
    if isinstance(body.get("model"), str) and re.fullmatch("[ -~]{1,200}", body["model"]):
        body["model"] = model(case.path)
    is_valid = meta.generation.mode == GenerationMode.POSITIVE
    case.body = settle(body) if is_valid and "completions" in case.path else body


@schemathesis.check
def valid_requests_are_taken(ctx, response, case):
    """positive_data_acceptance, but for the errors that are a model's own."""
    try:
        error = next(iter(response.json().values()))
        if error["code"] in OWN:
            return None
    except (ValueError, TypeError, KeyError, AttributeError, StopIteration):
        pass
    return positive_data_acceptance(ctx, response, case)
