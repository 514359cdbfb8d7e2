// A dialog that is kept in this page alone.
import { failure, h, save, show } from "../lib/dom.js";
import { Dialog } from "../lib/dialog.js";
import { area, button, field, given, number, select, value } from "../lib/form.js";
import { events } from "../lib/http.js";
import { Markdown } from "../lib/markdown.js";
import { snippet } from "../lib/snippet.js";
import { Turns } from "../lib/turns.js";

const example = [{
  type: "function",
  function: {
    name: "weather", description: "The weather of a city",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
}];

// It outlives the view, and ends with the page.
const dialog = new Dialog();

export function build(root, context) {
  const { state, announce, signal } = context;
  let running = null;

  const model = state.bind(select(context.models("inference")), "model");
  const system = state.bind(area({ placeholder: "You are a helpful assistant." }), "system");
  const temperature = state.bind(number({ min: 0, max: 2, step: 0.1 }), "temperature", "0.7");
  const topP = state.bind(number({ min: 0, max: 1, step: 0.05 }), "top_p", "1");
  const tokensMax = state.bind(number({ min: 1, step: 1, placeholder: "all" }), "max_tokens");
  const seed = state.bind(number({ step: 1, placeholder: "random" }), "seed");
  const stop = state.bind(area({ rows: 2, class: "code" }), "stop");
  const tools = state.bind(area({ rows: 2, class: "code" }), "tools");

  const text = area({ rows: 2, placeholder: "Write a message" });
  const send = button("Send", submit, { class: "main" });
  const halt = button("Stop", () => running?.abort(), { disabled: true });
  const problem = h("div", {});
  const turns = new Turns(dialog, {
    windowTokens: () => context.windowTokens(model.value), model: () => model.value, retry, answer, announce,
  });

  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });
  addEventListener("keydown", (event) => event.key === "Escape" && running?.abort(), { signal });
  signal.addEventListener("abort", () => running?.abort());

  root.append(h("div", { class: "columns" },
    h("section", { class: "chat", "aria-label": "Chat" }, turns.node, problem,
      h("form", { class: "composer", onsubmit: (event) => event.preventDefault() },
        field("Message", text),
        h("div", { class: "row spread" },
          h("small", {}, "Enter sends, Shift+Enter is a new line, Escape stops."),
          h("div", { class: "row" }, halt, send)))),
    h("section", { class: "card", "aria-label": "Settings" },
      field("Model", model), field("System", system),
      h("div", { class: "pair" }, field("Temperature", temperature), field("Top p", topP)),
      h("div", { class: "pair" }, field("Tokens at most", tokensMax), field("Seed", seed)),
      h("details", { open: Boolean(stop.value || tools.value) }, h("summary", {}, "Stop texts and tools"),
        field("Stop at", stop, "One text a line, up to 16."),
        field("Tools", tools, "A JSON list, as OpenAI has it. You answer the calls."),
        button("Add an example", () => {
          tools.value = JSON.stringify(example, null, 1);
          tools.dispatchEvent(new Event("input"));
        })),
      h("p", { class: "hint" }, "Nothing of this dialog is kept: it is gone when you close or reload the page."),
      h("div", { class: "row" },
        button("Export", () => save("dialog.json", JSON.stringify(dialog.json(), null, 2))),
        button("Import", pick), button("Clear", clear)),
      snippet(() => ({ path: "v1/chat/completions", body: request(), isStream: true })))));
  turns.draw();

  function request() {
    const list = stop.value.split("\n").filter(Boolean);
    const messages = dialog.messages();
    if (system.value.trim()) messages.unshift({ role: "system", content: system.value });
    return given({
      model: model.value, messages, temperature: value(temperature), top_p: value(topP), max_tokens: value(tokensMax),
      seed: value(seed), stop: list.length ? list : undefined, tools: toolList(),
      stream: true, stream_options: { include_usage: true },
    });
  }

  function toolList() {
    if (!tools.value.trim()) return undefined;
    try {
      return JSON.parse(tools.value);
    } catch (error) {
      throw new Error(`The tools are no JSON: ${error.message}`);
    }
  }

  function submit() {
    if (running || !text.value.trim()) return;
    dialog.add({ role: "user", content: text.value });
    text.value = "";
    answer();
  }

  /// Another answer beside one that is there.
  function retry(node) {
    if (running) return;
    dialog.leaf = node.parent;
    answer();
  }

  async function answer() {
    problem.replaceChildren();
    let body;
    try {
      body = request();
    } catch (error) {
      show(problem, failure(error));
      turns.draw();
      return;
    }
    const control = running = new AbortController();
    const writer = new Markdown();
    const node = dialog.add({ role: "assistant", content: "", model: model.value, isRunning: true, body: writer.node });
    [send.disabled, halt.disabled] = [true, false];
    turns.draw();
    turns.follow(control.signal);
    const begin = performance.now();
    let first = null;
    let usage = null;
    let pieces = 0;
    try {
      for await (const event of events("v1/chat/completions", { body, signal: control.signal })) {
        usage = event.usage ?? usage;
        const choice = event.choices?.[0];
        if (!choice) continue;
        if (take(node, choice.delta ?? {}, writer)) {
          first ??= performance.now();
          pieces += 1;
        }
        node.finish = choice.finish_reason ?? node.finish;
      }
    } catch (error) {
      node.finish = error.name === "AbortError" ? "stopped" : "failed";
      if (node.finish === "failed") show(problem, failure(error));
    }
    const end = performance.now();
    await writer.end();
    node.isRunning = false;
    node.figures = { first: first === null ? null : first - begin, seconds: (end - (first ?? begin)) / 1000,
      completion_tokens: pieces, ...usage };
    if (running === control) running = null;
    control.abort();
    [send.disabled, halt.disabled] = [false, true];
    if (signal.aborted) return;
    announce(node.calls ? `${node.calls.length} tool calls wait for an answer.`
      : `Answer: ${node.content.slice(0, 300)}`);
    turns.update(node);
  }

  function clear() {
    running?.abort();
    dialog.clear();
    problem.replaceChildren();
    turns.draw();
    announce("The dialog is empty.");
  }

  function pick() {
    const input = h("input", { type: "file", accept: ".json,application/json" });
    input.addEventListener("change", async () => {
      try {
        dialog.read(JSON.parse(await input.files[0].text()));
        problem.replaceChildren();
        announce("The dialog was imported.");
      } catch (error) {
        show(problem, failure(new Error(`This is no dialog: ${error.message}`)));
      }
      turns.draw();
    });
    input.click();
  }
}

/// Whether there was something in it.
function take(node, delta, writer) {
  const thought = delta.reasoning_content;
  if (thought) node.thoughts = (node.thoughts ?? "") + thought;
  if (delta.content) {
    node.content += delta.content;
    writer.append(delta.content);
  }
  for (const call of delta.tool_calls ?? []) {
    const known = ((node.calls ??= [])[call.index] ??= { id: "", name: "", arguments: "" });
    known.id ||= call.id;
    known.name += call.function?.name ?? "";
    known.arguments += call.function?.arguments ?? "";
  }
  return Boolean(delta.content || delta.tool_calls?.length || thought);
}
