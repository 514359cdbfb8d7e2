// Rows in, a table out.
import { failure, h, save, show } from "../lib/dom.js";
import { area, button, field, given, number, select, value } from "../lib/form.js";
import { lines } from "../lib/http.js";
import { snippet } from "../lib/snippet.js";
import { inert, milliseconds, plural } from "../lib/text.js";

export function build(root, context) {
  const { state, announce, signal } = context;
  let rows = [];
  let answers = [];

  const model = state.bind(select(context.models("inference")), "model");
  const kind = state.bind(select([["chat", "Answer each as a message"], ["text", "Continue each as a text"]]), "kind",
    "chat");
  const system = state.bind(area({ rows: 2 }), "system");
  const temperature = state.bind(number({ min: 0, max: 2, step: 0.1 }), "temperature", "0");
  const tokensMax = state.bind(number({ min: 1, step: 1 }), "max_tokens", "64");
  const input = state.bind(area({ rows: 8 }), "rows", "What is the capital of France?\nWhat is the capital of Italy?");
  const run = button("Run", start, { class: "main" });
  const down = button("Save as JSON Lines", () => save("batch.jsonl", saved(), "application/jsonl"),
    { disabled: true });
  const result = h("div", {});
  const said = h("span", { class: "hint" });

  root.append(h("div", { class: "columns" },
    h("section", { class: "stack", "aria-label": "Batch" },
      h("div", { class: "card" },
        field("Rows", input, 'One prompt a line; a line of JSON is {"prompt": "…"} or {"messages": […]}.'),
        h("div", { class: "row" }, run, button("Open a file", pick), down, said)),
      result),
    h("section", { class: "card", "aria-label": "Settings" },
      field("Model", model), field("Rows are", kind), field("System", system, "Before each message."),
      h("div", { class: "pair" }, field("Temperature", temperature), field("Tokens at most", tokensMax)),
      snippet(request))));

  function request() {
    rows = read(input.value);
    const heat = value(temperature) ?? 0;
    const sampling = { temperature: heat, strategy: heat > 0 ? "top_p" : "greedy", top_p: 0.95 };
    const common = given({ model: model.value, sampling_params: sampling, max_tokens: value(tokensMax) });
    if (kind.value === "text") {
      return { path: "inference/batch_completion", body: { ...common, content_batch: rows.map(prompt) } };
    }
    const head = system.value.trim() ? [{ role: "system", content: system.value }] : [];
    return {
      path: "inference/batch_chat_completion",
      body: { ...common, batch_dialogs: rows.map((row) => {
        const all = [...head, ...messages(row)];
        return { message: all.at(-1), message_history: all.slice(0, -1) };
      }) },
    };
  }

  async function start() {
    let asked;
    try {
      asked = request();
      if (!rows.length) throw new Error("There are no rows: write one a line.");
    } catch (error) {
      show(result, failure(error));
      return;
    }
    run.disabled = true;
    said.textContent = `${plural(rows.length, "row")} …`;
    const begin = performance.now();
    try {
      answers = [];
      const body = table();
      for await (const answer of lines(asked.path, { body: asked.body, signal })) {
        body.append(row(answer, answers.push(answer) - 1));
      }
      const note = `${plural(answers.length, "row")} in ${milliseconds(performance.now() - begin)}`;
      said.textContent = note;
      announce(`${note}.`);
      down.disabled = false;
    } catch (error) {
      if (error.name === "AbortError") return;
      said.textContent = "";
      show(result, failure(error));
    }
    run.disabled = false;
  }

  /// The body of a table that is there, still empty.
  function table() {
    const body = h("tbody", {});
    show(result, h("div", { class: "card scroll", tabindex: "0", role: "region", "aria-label": "Answers" },
      h("table", {},
      h("thead", {}, h("tr", {}, ["#", "Row", "Answer", "Ended by"].map((name) => h("th", { scope: "col" }, name)))),
        body)));
    return body;
  }

  function row(answer, index) {
    return h("tr", {}, h("th", { scope: "row" }, String(index + 1)),
      h("td", { class: "raw" }, inert(prompt(rows[index]))),
      h("td", { class: "raw" }, inert(text(answer))), h("td", {}, answer.stop_reason ?? ""));
  }

  function saved() {
    return answers.map((answer, index) => JSON.stringify({ ...rows[index], answer: text(answer),
      stop_reason: answer.stop_reason }) + "\n").join("");
  }

  function pick() {
    const file = h("input", { type: "file", accept: ".jsonl,.txt,.csv" });
    file.addEventListener("change", async () => {
      input.value = await file.files[0].text();
    });
    file.click();
  }
}

function read(text) {
  const lines = text.split("\n").map((line, index) => ({ line: line.trim(), index })).filter((row) => row.line);
  return lines.map(({ line, index }) => {
    if (!line.startsWith("{")) return { prompt: line };
    try {
      const row = JSON.parse(line);
      if (typeof row.prompt === "string" || Array.isArray(row.messages)) return row;
    } catch (error) {
      throw new Error(`Line ${index + 1} is no JSON: ${error.message}`);
    }
    throw new Error(`Line ${index + 1} has neither "prompt" nor "messages".`);
  });
}

function prompt(row) {
  return row.prompt ?? row.messages.findLast((message) => message.role === "user")?.content ?? "";
}

function messages(row) {
  return row.messages ?? [{ role: "user", content: row.prompt }];
}

function text(answer) {
  const content = answer.content;
  return typeof content === "string" ? content : JSON.stringify(content ?? answer.tool_calls ?? "");
}
