"""Drives the memory and dataset routes with the client that was published for the draft.

    python draft_routes.py URL

Its own methods where its requests are the draft's; its transport where its methods are of a later form. Prints one line
for each call: the route, by which way, and what came. A failed expectation ends it.
"""

import base64
import json
import sys

import httpx
from llama_stack import APIStatusError, LlamaStack
from llama_stack.types import TrainEvalDataset

client = LlamaStack(base_url=sys.argv[1], max_retries=0)


def said(route, way, value):
    print(f"{route} | {way} | {json.dumps(value)}")


def lines(response):
    response.read()
    return [json.loads(line) for line in response.text.splitlines()]


def raw(verb, path, query, body=None):
    """By the client's transport: the same connection pool, headers and encoding as its own methods use."""
    url = client.base_url.copy_with(path=path, params=query)
    return client._client.request(verb, url, json=body)  # its httpx client


def document(uuid, text, **metadata):
    content = base64.b64encode(text.encode()).decode()
    return {"uuid": uuid, "content": content, "metadata": metadata, "mime_type": "text/plain"}


# Datasets: all three by its own methods; delete is a POST with a JSON body.
rows = "data:application/jsonl,%7B%22text%22%3A%22a%22%7D%0A%7B%22text%22%3A%22b%22%7D"
given = {"columns": {"text": "text"}, "content_url": rows, "metadata": {"of": "the client"}}
said("POST /datasets/create", "own", client.datasets.create(uuid="rows", dataset=given))
got = client.datasets.get(dataset_uuid="rows")
assert isinstance(got, TrainEvalDataset) and got.to_dict() == given, got
said("GET /datasets/get", "own", got.to_dict())
said("POST /datasets/delete", "own", client.datasets.delete(dataset_uuid="rows"))
try:
    client.datasets.get(dataset_uuid="rows")
    raise AssertionError("it is still there")
except APIStatusError as error:
    assert error.status_code == 404, error
    said("GET /datasets/get", "own, after", error.body["detail"]["code"])
client.datasets.create(uuid="rows", dataset=given)
said("DELETE /datasets/delete", "transport", raw("DELETE", "/datasets/delete", {"dataset_id": "rows"}).status_code)

# Memory banks: creation by its own method, which sends any body; the rest by its transport.
bank = {"bank_uuid": "notes"}
made = client.memory_banks.create(body=[document("d1", "one")], extra_query={**bank, "bank_name": "my notes"})
said("POST /memory_banks/create", "own", made)
said("GET /memory_banks/get", "transport", lines(raw("GET", "/memory_banks/get", {})))
inserted = raw("POST", "/memory_bank/insert", bank, [document("d2", "two", year=2024)])
said("POST /memory_bank/insert", "transport", inserted.status_code)
updated = raw("POST", "/memory_bank/update", bank, [document("d1", "uno")])
said("POST /memory_bank/update", "transport", updated.status_code)
found = lines(raw("POST", "/memory_bank/get", bank, ["d2", "none", "d1"]))
texts = {item["uuid"]: base64.b64decode(item["content"]).decode() for item in found}
assert found[0]["metadata"] == {"year": 2024}, found
said("POST /memory_bank/get", "transport", texts)
said("POST /memory_bank/delete", "transport", lines(raw("POST", "/memory_bank/delete", bank, ["d1", "none"])))
said("DELETE /memory_banks/drop", "transport", raw("DELETE", "/memory_banks/drop", bank).json())
said("GET /memory_banks/get", "transport, after", lines(raw("GET", "/memory_banks/get", {})))
