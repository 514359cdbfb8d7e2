// A text and its continuation, each token coloured by how probable it was.
import { failure, h, show } from "../lib/dom.js";
import { area, button, field, given, number, select, value } from "../lib/form.js";
import { events } from "../lib/http.js";
import { snippet } from "../lib/snippet.js";
import { inert } from "../lib/text.js";

export function build(root, context) {
  const { state, announce, signal } = context;
  let running = null;
  let isPlain = false;

  const model = state.bind(select(context.models("inference")), "model");
  const prompt = state.bind(area({ rows: 5 }), "prompt", "The capital of France is");
  const temperature = state.bind(number({ min: 0, max: 2, step: 0.1 }), "temperature", "0.7");
  const tokensMax = state.bind(number({ min: 1, step: 1 }), "max_tokens", "48");
  const seed = state.bind(number({ step: 1, placeholder: "random" }), "seed");

  const run = button("Continue", start, { class: "main" });
  const halt = button("Stop", () => running?.abort(), { disabled: true });
  const output = h("div", { class: "tokens raw", dir: "auto" });
  const about = h("div", { "aria-live": "polite" }, h("p", { class: "hint" },
    "Choose a token to see what else the model had in mind there."));
  const problem = h("div", {});
  let tokens = [];
  signal.addEventListener("abort", () => running?.abort());
  // One of them is in the order of the Tab key, the arrows go between them.
  output.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const next = step && tokens[tokens.findIndex((token) => token.node === document.activeElement) + step];
    if (!next) return;
    event.preventDefault();
    next.node.focus();
    choose(next);
  });

  root.append(h("div", { class: "columns" },
    h("section", { class: "stack", "aria-label": "Text" },
      h("div", { class: "card" }, field("Text", prompt), h("div", { class: "row" }, run, halt)),
      problem,
      h("section", { class: "card", "aria-label": "Continuation" }, h("h2", {}, "Continuation"), output, legend()),
      h("section", { class: "card", "aria-label": "Token" }, h("h2", {}, "Token"), about)),
    h("section", { class: "card", "aria-label": "Settings" },
      field("Model", model), h("div", { class: "pair" }, field("Temperature", temperature),
        field("Tokens at most", tokensMax)),
      field("Seed", seed), snippet(() => ({ path: "v1/completions", body: request(), isStream: true })))));

  function request() {
    return given({
      model: model.value, prompt: prompt.value, temperature: value(temperature), max_tokens: value(tokensMax),
      seed: value(seed), logprobs: isPlain ? undefined : 5, stream: true,
    });
  }

  /// Not every provider tells log probabilities.
  async function* answer(signal) {
    try {
      yield* events("v1/completions", { body: request(), signal });
    } catch (error) {
      if (error.code !== "unsupported_option" || error.field !== "logprobs" || isPlain) throw error;
      isPlain = true;
      show(about, h("p", { class: "hint" }, "The provider of this model tells no log probabilities."));
      yield* events("v1/completions", { body: request(), signal });
    }
  }

  async function start() {
    if (running) return;
    running = new AbortController();
    [run.disabled, halt.disabled] = [true, false];
    tokens = [];
    show(output);
    show(problem);
    isPlain = false;
    try {
      for await (const event of answer(running.signal)) {
        const choice = event.choices?.[0];
        const found = choice?.logprobs;
        if (found) found.tokens.forEach((text, index) =>
          add(text, found.token_logprobs[index], found.top_logprobs?.[index] ?? {}));
        else if (choice?.text) output.append(inert(choice.text));
      }
      announce(`The text goes on: ${output.textContent.slice(0, 300)}`);
    } catch (error) {
      if (error.name !== "AbortError") show(problem, failure(error));
    }
    running = null;
    [run.disabled, halt.disabled] = [false, true];
  }

  function add(text, logprob, top) {
    const token = { text, logprob, top };
    const probability = Math.exp(logprob);
    token.node = h("button", {
      type: "button", class: `token p${level(probability)}`, tabindex: tokens.length ? "-1" : "0",
      "aria-label": `${inert(text)}, ${percent(probability)}`, title: percent(probability),
        onclick: () => choose(token),
    }, shown(text));
    tokens.push(token);
    output.append(token.node);
    if (text.includes("\n")) output.append(h("br", {}));
  }

  function choose(token) {
    for (const { node } of tokens) {
      node.setAttribute("tabindex", node === token.node ? "0" : "-1");
      node.classList.toggle("chosen", node === token.node);
    }
    const others = Object.entries(token.top).sort((a, b) => b[1] - a[1]);
    const hasIt = others.some(([text]) => text === token.text);
    if (!hasIt) others.push([token.text, token.logprob]);
    show(about, h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Alternatives" },
      h("table", {},
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Token"),
        h("th", { scope: "col", class: "number" }, "Probability"),
        h("th", { scope: "col", class: "number" }, "Logarithm"), h("td", {}))),
      h("tbody", {}, others.map(([text, logprob]) => h("tr", {},
        h("th", { scope: "row" }, h("code", {}, shown(text)), text === token.text ? " ✓" : ""),
        h("td", { class: "number" }, percent(Math.exp(logprob))), h("td", { class: "number" }, logprob.toFixed(3)),
        h("td", {}, h("meter", { max: 1, value: Math.exp(logprob), "aria-label": "Probability" }))))))));
  }
}

/// Five steps of probability, from a sure token to a surprising one.
function level(probability) {
  return [0.75, 0.4, 0.15, 0.03, 0].findIndex((least) => probability >= least);
}

function legend() {
  return h("p", { class: "figures" }, ["over 75 %", "over 40 %", "over 15 %", "over 3 %", "less"].map((text, index) =>
    h("span", {}, h("span", { class: `token p${index}` }, "\u2003"), ` ${text}`)));
}

function percent(probability) {
  return `${(probability * 100).toFixed(probability < 0.001 ? 3 : 1)} %`;
}

/// Spaces and newlines of a token can be seen.
function shown(text) {
  return inert(text).replaceAll("\n", "⏎").replace(/^ /, "\u00a0") || "∅";
}
