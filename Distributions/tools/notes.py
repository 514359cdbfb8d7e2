#!/usr/bin/env python3
"""A server of the Model Context Protocol in plain Python: notes, kept for as long as it runs."""
import json
import sys

TEXT = {"type": "string"}
TOOLS = {
    "add": ("Keeps a note. Give it the whole sentence.", {"note": TEXT}),
    "find": ("Finds the notes that have a word in them; without a word, all of them.", {"word": TEXT}),
}
notes = []


def call(name, arguments):
    if name == "add":
        notes.append(arguments["note"])
        return "Kept: %d in all." % len(notes)
    word = arguments.get("word", "").lower()
    return "\n".join(note for note in notes if word in note.lower()) or "There is no such note."


def tool(name):
    description, properties = TOOLS[name]
    required = ["note"] if name == "add" else []
    schema = {"type": "object", "properties": properties, "required": required}
    return {"name": name, "description": description, "inputSchema": schema}


def answer(method, params):
    if method == "initialize":
        server = {"name": "notes", "version": "1"}
        return {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": server}
    if method == "tools/list":
        return {"tools": [tool(name) for name in TOOLS]}
    if method == "tools/call" and params["name"] in TOOLS:
        try:
            text, failed = call(params["name"], params.get("arguments", {})), False
        except Exception as error:  # whatever it is: the model reads it and may call again
            text, failed = "It failed: %r" % error, True
        return {"content": [{"type": "text", "text": text}], "isError": failed}
    return {} if method == "ping" else None


for line in sys.stdin:
    message = json.loads(line)
    if "id" in message:  # what has none is a notification
        reply, result = {"jsonrpc": "2.0", "id": message["id"]}, answer(message["method"], message.get("params", {}))
        reply.update({"error": {"code": -32601, "message": "unknown"}} if result is None else {"result": result})
        print(json.dumps(reply), flush=True)
