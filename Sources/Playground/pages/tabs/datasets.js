// Rows to train on: registered, checked by the server row by row, and looked at.
import { failure, h, show } from "../lib/dom.js";
import { area, button, field } from "../lib/form.js";
import { ask, get } from "../lib/http.js";
import { dataURL, dropZone, mediaType, readDataURL } from "../lib/files.js";
import { Ids, newID, parsed, sureButton, table } from "../lib/parts.js";
import { columnsOf, formOf, readRows, statistics } from "../lib/rows.js";
import { snippet } from "../lib/snippet.js";
import { count, inert, plural } from "../lib/text.js";

const firstRows = 10;
const cellMax = 400;
// What is typed is shown as code; what a file holds is not.
const pastedMax = 200000;

export async function build(root, context) {
  const { state, announce, signal } = context;
  const ids = new Ids(state, "ids");
  // What a file gave, until the text is edited.
  let file = null;

  const id = h("input", { value: newID("dataset") });
  const text = area({ rows: 6, class: "code", placeholder: '{"text": "One row a line", "score": 1}' });
  const url = h("input", { type: "text", inputmode: "url", placeholder: "file:///data/train.jsonl" });
  const columns = area({ rows: 4, class: "code" });
  const metadata = area({ rows: 2, class: "code", placeholder: "{}" });
  const problem = h("div", { class: "fields" });
  const view = h("div", {});
  const known = h("ul", { class: "plain" });
  const wanted = h("input", {});

  root.append(h("div", { class: "columns" },
    h("section", { class: "fields", "aria-label": "Datasets" }, problem, view,
      h("section", { class: "card", "aria-label": "Register" }, h("h2", {}, "Register"), field("Id", id),
        dropZone("File", take, { accept: ".jsonl,.ndjson,.json,.csv" },
          "JSON Lines, a JSON array or CSV with a header. Or drop it here."),
        field("Rows", text), field("Or a URL of the server's", url,
          "file:// below one of file_roots, or https:// of a host that the distribution names."),
        h("div", { class: "pair" },
          field("Columns", columns, "Found in the rows: text, number, dialog, media or json."),
          field("Metadata", metadata, "JSON, kept as it is.")),
        h("div", { class: "row" }, button("Register", register, { class: "main" })),
        snippet(() => ({ path: "datasets/create", body: example() })))),
    h("section", { class: "card", "aria-label": "Known datasets" }, h("h2", {}, "Known here"), known,
      h("form", {
        class: "fields", onsubmit: (event) => {
          event.preventDefault();
          if (wanted.value) open(wanted.value);
        },
      }, field("Open by id", wanted, "No route lists datasets: those of this page are in its URL."),
        h("button", {}, "Open")))));
  text.addEventListener("input", () => {
    file = null;
    guess(text.value, formOf(text.value));
  });
  list();
  if (state.get("id")) await open(state.get("id"));

  async function take(chosen) {
    file = { name: chosen.name, type: mediaType(chosen), text: await chosen.text() };
    if (!/json|csv/.test(file.type)) file.type = formOf(file.text);
    text.value = file.text.length > pastedMax ? `${file.text.slice(0, pastedMax)}…` : file.text;
    id.value = chosen.name.replace(/\.[^.]*$/, "");
    guess(file.text, file.type);
    announce(`${chosen.name} is read: ${plural(readRows(file.text, file.type).rows.length, "row")}.`);
  }

  function guess(content, type) {
    try {
      columns.value = JSON.stringify(columnsOf(readRows(content, type).rows, type), null, 1);
    } catch {
      // The server says what is wrong with them.
    }
  }

  function content() {
    return file ?? { text: text.value, type: formOf(text.value) };
  }

  function example() {
    const { type } = content();
    const content_url = url.value || `data:${type};base64,…`;
    return { uuid: id.value, dataset: { columns: parsed(columns, "Columns", {}), content_url } };
  }

  async function register() {
    problem.replaceChildren();
    const { text: rows, type } = content();
    try {
      const dataset = {
        columns: parsed(columns, "Columns", {}), content_url: url.value || await dataURL(rows, type),
        metadata: parsed(metadata, "Metadata", {}),
      };
      await ask("datasets/create", { body: { uuid: id.value, dataset }, signal });
      announce(`${id.value} is registered.`);
      await open(id.value);
      id.value = newID("dataset");
    } catch (error) {
      if (!signal.aborted) show(problem, failure(error), url.value ? null : place(error.message, rows));
    }
  }

  function list() {
    show(known, ids.all.map((one) => h("li", {}, button(inert(one), () => open(one), { class: "link" }))),
      ids.all.length ? null : h("li", { class: "hint" }, "None yet."));
  }

  async function open(one) {
    problem.replaceChildren();
    try {
      const dataset = await get("datasets/get", { query: { dataset_id: one }, signal });
      ids.add(one);
      state.set("id", one);
      list();
      show(view, h("section", { class: "card", "aria-label": "Dataset" },
        h("div", { class: "row spread" }, h("h2", {}, inert(one)), sureButton("Delete", () => `Delete ${one}?`,
          () => remove(one))),
        ...looked(one, dataset)));
    } catch (error) {
      if (!signal.aborted) show(problem, failure(error));
    }
  }

  async function remove(one) {
    try {
      await ask("datasets/delete", { body: { dataset_uuid: one }, signal });
      ids.remove(one);
      state.set("id", "");
      view.replaceChildren();
      list();
      announce(`${one} is deleted.`);
    } catch (error) {
      show(problem, failure(error));
    }
  }
}

/// The lines around the one that a message names.
function place(message, text) {
  const line = Number(/line (\d+)/.exec(message)?.[1]);
  if (!line) return null;
  const from = Math.max(1, line - 2);
  const lines = text.split("\n").slice(from - 1, line + 2);
  return h("section", { class: "card", "aria-label": "Where it is" },
    table("Lines around the mistake", ["#Line", "Text"], lines.map((content, index) => [
      String(from + index), h(from + index === line ? "mark" : "span", { class: "mono" },
        inert(content.slice(0, 2000)))])));
}

function looked(id, { columns, content_url: url, metadata }) {
  const types = Object.entries(columns).map(([name, type]) => [name, type.type ?? type, Boolean(type.nullable)]);
  const more = Object.keys(metadata ?? {}).length > 0 && h("p", { class: "mono raw" }, inert(JSON.stringify(metadata)));
  const data = readDataURL(url);
  if (!data) {
    return [more, table("Columns", ["Column", "Type"],
      types.map(([name, kind, isNullable]) => [inert(name), kind + (isNullable ? ", nullable" : "")])),
      h("p", {}, "The rows are at ", h("code", {}, inert(url)), ", where the server reads them and this page can't. ",
        h("code", {}, `llama-stack dataset head ${id}`), " prints the first.")];
  }
  const { rows } = readRows(data.text, data.type);
  const cell = (value) => h("span", { class: "raw", dir: "auto" },
    inert((typeof value === "string" ? value : JSON.stringify(value) ?? "").slice(0, cellMax)));
  return [more, h("h3", {}, `${plural(rows.length, "row")}, ${plural(types.length, "column")}`),
    table("Columns", ["Column", "Type", "What its values are like"], types.map(([name, kind, isNullable]) => [
      inert(name), kind + (isNullable ? ", nullable" : ""),
      h("div", { class: "figures" },
        statistics(rows, name, kind).map(([title, figure]) => h("span", {},
        `${title} ${typeof figure === "number" ? count(figure) : figure}`)))])),
    h("h3", {}, rows.length > firstRows ? `The first ${firstRows} rows` : "Rows"),
    table("Rows", ["#", ...types.map(([name]) => inert(name))], rows.slice(0, firstRows).map((row, index) => [
      String(index + 1), ...types.map(([name]) => cell(row?.[name]))]))];
}
