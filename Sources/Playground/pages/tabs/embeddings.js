// Which texts are alike: the cosine of each pair.
import { failure, h, show } from "../lib/dom.js";
import { area, button, field, select } from "../lib/form.js";
import { get } from "../lib/http.js";
import { snippet } from "../lib/snippet.js";
import { inert, milliseconds, plural } from "../lib/text.js";

const sample = `A cat sleeps on the sofa.
A kitten naps on the couch.
The stock market fell today.
Shares lost value this afternoon.`;

export function build(root, context) {
  const { state, announce, signal } = context;
  const model = state.bind(select(context.models("inference", "embeddings")), "model");
  const input = state.bind(area({ rows: 7 }), "texts", sample);
  const run = button("Compare", start, { class: "main" });
  const said = h("span", { class: "hint" });
  const result = h("div", {});

  root.append(h("div", { class: "columns" },
    h("section", { class: "stack", "aria-label": "Texts" },
      h("div", { class: "card" }, field("Texts", input, "One a line."), h("div", { class: "row" }, run, said)), result),
    h("section", { class: "card", "aria-label": "Settings" }, field("Model", model, "It must make embeddings."),
      snippet(() => ({ path: "v1/embeddings", body: request() })))));

  function request() {
    return { model: model.value, input: input.value.split("\n").filter((line) => line.trim()) };
  }

  async function start() {
    run.disabled = true;
    const begin = performance.now();
    try {
      const body = request();
      const answer = await get("v1/embeddings", { body, signal });
      const vectors = answer.data.map((row) => normal(row.embedding));
      const size = `${plural(vectors.length, "vector")} of ${plural(vectors[0].length, "number")}`;
      said.textContent = `${size} in ${milliseconds(performance.now() - begin)}`;
      show(result, matrix(body.input, vectors));
      announce(`${said.textContent}. ${alike(body.input, vectors)}`);
    } catch (error) {
      if (error.name !== "AbortError") show(result, failure(error));
    }
    run.disabled = false;
  }
}

function normal(vector) {
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => value / length);
}

function cosine(a, b) {
  return a.reduce((sum, value, index) => sum + value * b[index], 0);
}

function matrix(texts, vectors) {
  return h("section", { class: "card", "aria-label": "Similarity" }, h("h2", {}, "Similarity"),
    h("p", { class: "hint" }, alike(texts, vectors)),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Matrix of similarity" },
      h("table", { class: "matrix" },
      h("thead", {}, h("tr", {}, h("td", {}), texts.map((text, index) =>
        h("th", { scope: "col", title: inert(text) }, String(index + 1))))),
      h("tbody", {}, texts.map((text, row) => h("tr", {},
        h("th", { scope: "row", title: inert(text) }, `${row + 1}  ${inert(text)}`),
        vectors.map((vector) => {
          const value = cosine(vectors[row], vector);
          return h("td", { class: `m${Math.max(0, Math.min(9, Math.floor(value * 10)))}` }, value.toFixed(2));
        })))))));
}

function alike(texts, vectors) {
  let best = null;
  for (let a = 0; a < texts.length; a += 1) {
    for (let b = a + 1; b < texts.length; b += 1) {
      const value = cosine(vectors[a], vectors[b]);
      if (!best || value > best.value) best = { a, b, value };
    }
  }
  return best ? `Most alike are ${best.a + 1} and ${best.b + 1}: ${best.value.toFixed(2)}.`
    : "One text is alike to itself alone.";
}
