// A dialog that is kept in this page alone.
import { failure, h, save, show } from "../lib/dom.js";
import { area, button, field, given, number, select, value } from "../lib/form.js";
import { events } from "../lib/http.js";
import { Markdown, markdown } from "../lib/markdown.js";
import { snippet } from "../lib/snippet.js";
import { count, inert, milliseconds } from "../lib/text.js";
import { Dialog } from "../lib/dialog.js";

export function build(root, context) {
  const { state, announce, signal } = context;
  const dialog = new Dialog();
  let running = null;

  const model = state.bind(select(context.models("inference")), "model");
  const system = state.bind(area({ rows: 3, placeholder: "You are a helpful assistant." }), "system");
  const temperature = state.bind(number({ min: 0, max: 2, step: 0.1 }), "temperature", "0.7");
  const topP = state.bind(number({ min: 0, max: 1, step: 0.05 }), "top_p", "1");
  const tokensMax = state.bind(number({ min: 1, step: 1, placeholder: "to the window's end" }), "max_tokens");
  const seed = state.bind(number({ step: 1, placeholder: "another each time" }), "seed");
  const stop = state.bind(area({ rows: 2, class: "code" }), "stop");
  const tools = state.bind(area({ rows: 3, class: "code" }), "tools");

  const log = h("ol", { class: "log", "aria-label": "Dialog" });
  const text = area({ rows: 2, placeholder: "Write a message" });
  const send = button("Send", () => submit(), { class: "main", id: "send" });
  const halt = button("Stop", () => running?.abort(), { id: "stop", disabled: true });
  const problem = h("div", {});

  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") running?.abort();
  }, { signal });
  signal.addEventListener("abort", () => running?.abort());

  root.append(h("div", { class: "columns" },
    h("section", { class: "chat", "aria-label": "Chat" }, log, problem,
      h("form", { class: "composer", onsubmit: (event) => event.preventDefault() },
        field("Message", text),
        h("div", { class: "row spread" },
          h("small", {}, "Enter sends, Shift+Enter is a new line, Escape stops."),
          h("div", { class: "row" }, halt, send)))),
    h("section", { class: "card", "aria-label": "Settings" },
      field("Model", model), field("System", system),
      h("div", { class: "pair" }, field("Temperature", temperature), field("Top p", topP)),
      h("div", { class: "pair" }, field("Tokens at most", tokensMax), field("Seed", seed)),
      field("Stop at", stop, "One text a line, up to 16."),
      field("Tools", tools, "A JSON list, as OpenAI has it."),
      h("p", { class: "hint" }, "Nothing of this dialog is kept: it is gone when you leave the page."),
      h("div", { class: "row" },
        button("Export", () => save("dialog.json", JSON.stringify(dialog.json(), null, 2))),
        button("Import", () => pick()), button("Clear", () => clear())),
      snippet(() => ({ path: "v1/chat/completions", body: request(), isStream: true })))));
  draw();

  function request() {
    const list = stop.value.split("\n").filter(Boolean);
    const messages = dialog.messages();
    if (system.value.trim()) messages.unshift({ role: "system", content: system.value });
    return given({
      model: model.value, messages, temperature: value(temperature), top_p: value(topP), max_tokens: value(tokensMax),
      seed: value(seed), stop: list.length ? list : undefined,
      tools: tools.value.trim() ? JSON.parse(tools.value) : undefined,
      stream: true, stream_options: { include_usage: true },
    });
  }

  function submit() {
    if (running || !text.value.trim()) return;
    dialog.add({ role: "user", content: text.value });
    text.value = "";
    answer();
  }

  async function answer() {
    problem.replaceChildren();
    let body;
    try {
      body = request();
    } catch (error) {
      problem.append(failure(new Error(`The tools are no JSON: ${error.message}`)));
      return;
    }
    running = new AbortController();
    const node = dialog.add({ role: "assistant", content: "", model: model.value, isRunning: true });
    [send.disabled, halt.disabled] = [true, false];
    const writer = new Markdown();
    draw(writer.node);
    const begin = performance.now();
    let first = null;
    let usage = null;
    try {
      for await (const event of events("v1/chat/completions", { body, signal: running.signal })) {
        usage = event.usage ?? usage;
        const choice = event.choices?.[0];
        if (!choice) continue;
        const delta = choice.delta ?? {};
        if (delta.content || delta.tool_calls || delta.reasoning_content) first ??= performance.now();
        if (delta.content) {
          node.content += delta.content;
          writer.append(delta.content);
        }
        for (const call of delta.tool_calls ?? []) {
          const known = ((node.calls ??= [])[call.index] ??= { id: "", name: "", arguments: "" });
          known.id = call.id ?? known.id;
          known.name += call.function?.name ?? "";
          known.arguments += call.function?.arguments ?? "";
        }
        if (choice.finish_reason) node.finish = choice.finish_reason;
      }
    } catch (error) {
      if (error.name === "AbortError") node.finish = "stopped";
      else {
        node.finish = "failed";
        problem.append(failure(error));
      }
    }
    const end = performance.now();
    node.isRunning = false;
    node.figures = {
      first: first === null ? null : first - begin, seconds: (end - (first ?? begin)) / 1000, ...usage,
    };
    running = null;
    [send.disabled, halt.disabled] = [false, true];
    if (node.content || node.calls) announce(`Answer: ${node.content.slice(0, 300) || "a tool call"}`);
    if (!signal.aborted) draw();
  }

  function draw(live) {
    const path = dialog.path();
    show(log, path.map((node) => turn(node, node.isRunning ? live : null)),
      path.length ? null : h("li", { class: "empty" }, "Say something to ", h("strong", {}, model.value), "."));
  }

  function turn(node, live) {
    const names = { user: "You", assistant: inert(node.model ?? "Assistant"), tool: "Tool" };
    return h("li", { class: `turn ${node.role}` },
      h("header", {}, h("h2", {}, names[node.role])),
      live ?? (node.role === "assistant" ? markdown(node.content) : h("div", { class: "raw", dir: "auto" }, inert(node.content))),
      node.figures ? h("footer", { class: "figures" }, figures(node)) : null);
  }

  function figures(node) {
    const { first, seconds, completion_tokens: made, total_tokens: all } = node.figures;
    return [
      first !== null && h("span", {}, `first token ${milliseconds(first)}`),
      made > 1 && seconds > 0 && h("span", {}, `${((made - 1) / seconds).toFixed(1)} tokens/s`),
      all && h("span", {}, `${count(all)} tokens`),
      node.finish && h("span", {}, node.finish),
    ];
  }

  function clear() {
    running?.abort();
    dialog.clear();
    draw();
  }

  function pick() {
    const input = h("input", { type: "file", accept: ".json,application/json" });
    input.addEventListener("change", async () => {
      try {
        dialog.read(JSON.parse(await input.files[0].text()));
        problem.replaceChildren();
      } catch (error) {
        show(problem, failure(new Error(`This is no dialog: ${error.message}`)));
      }
      draw();
    });
    input.click();
  }
}
