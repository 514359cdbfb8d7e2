// Answers to prompts, their scores, and what each filter would keep of them.
import { histogram } from "../lib/chart.js";
import { failure, h, show } from "../lib/dom.js";
import { area, button, field, given, number, select, value } from "../lib/form.js";
import { filters, keep } from "../lib/filters.js";
import { get } from "../lib/http.js";
import { newID, table, textOf } from "../lib/parts.js";
import { snippet } from "../lib/snippet.js";
import { count, inert, plural } from "../lib/text.js";

const path = "synthetic_data_generation/generate";

export function build(root, context) {
  const { state, announce, signal } = context;
  let answer = null;

  const prompts = state.bind(area({ rows: 4 }), "prompts", "Name a bird that cannot fly.\nName a colour of the sky.");
  const input = (key, initial, more) => state.bind(number({ oninput: () => draw(), ...more }), key, initial);
  const model = state.bind(select([["", "The generator's log probability"], ...context.models("reward_scoring")]),
    "reward");
  const k = input("k", "1", { min: 1, step: 1 });
  const p = input("p", "0.9", { min: 0, max: 1 });
  const temperature = input("temperature", "1", { min: 0 });
  const threshold = input("threshold", "");
  const seed = input("seed", "0", { step: 1 });
  const filter = state.bind(select(filters), "filter", "top_k");
  const form = state.bind(select(["sft", "preference"]), "form");
  const id = h("input", { value: newID("made") });
  const run = button("Generate", () => ask(request("none"), run), { class: "main" });
  const register = button("Register", () => ask(made(), register));
  const problem = h("div", {});
  const said = h("p", { class: "hint" });
  const result = h("div", { class: "fields" });

  root.append(h("div", { class: "columns" },
    h("section", { class: "fields", "aria-label": "Data" },
      h("div", { class: "card" },
        field("Prompts", prompts, "One a line. Each is answered as often as the provider's generations says."),
        h("div", { class: "row" }, run), snippet(() => ({ path, body: request("none") }))), problem, result),
    h("div", { class: "fields" },
      h("section", { class: "card", "aria-label": "Settings" }, field("Scored by", model),
        h("div", { class: "pair" }, field("Seed", seed), field("k", k)),
        h("div", { class: "pair" }, field("p", p), field("Temperature", temperature)),
          field("Threshold", threshold, "Drops what scores less; the middle of sigmoid.")),
      h("section", { class: "card", "aria-label": "Dataset" }, h("h2", {}, "Make a dataset"), field("Id", id),
        h("div", { class: "pair" }, field("Filter", filter), field("Form", form)),
        h("div", { class: "row" }, register), said,
          h("small", {}, "The same seed writes the same answers again, and what the filter keeps is registered.")))));

  function request(name, more) {
    return {
      prompts: prompts.value.split("\n").filter((line) => line.trim()).map((content) => ({ role: "user", content })),
      filtering_function: name, reward_scoring: given({ model: model.value || undefined, seed: value(seed) ?? 0,
        ...more }),
    };
  }

  function settings() {
    return { k: value(k) ?? 1, p: value(p) ?? 0.9, temperature: value(temperature) || 1, threshold: value(threshold) };
  }

  function made() {
    return request(filter.value, { ...settings(), dataset_uuid: id.value, dataset_form: form.value });
  }

  async function ask(body, pressed) {
    problem.replaceChildren();
    pressed.disabled = true;
    try {
      const got = await get(path, { body, signal });
      if (pressed === run) {
        answer = got;
        draw();
        announce(`${plural(got.statistics.generated, "candidate")} written.`);
      } else {
        const { rows, is_registered: isThere } = got.statistics.dataset;
        show(said, isThere ? h("a", { href: `#/datasets?id=${encodeURIComponent(id.value)}` }, inert(id.value))
          : "Not registered", `: ${plural(rows, "row")}.`);
        announce(said.textContent);
      }
    } catch (error) {
      if (!signal.aborted) show(problem, failure(error));
    }
    pressed.disabled = false;
  }

  function draw() {
    if (!answer) return;
    const { synthetic_data: data, statistics } = answer;
    const now = { ...settings(), seed: value(seed) ?? 0 };
    const scores = data.map((one) => one.k_scored_generations.map(({ score }) => score));
    const kept = filters.map((name) => scores.map((list, prompt) => new Set(keep(name, list, now, prompt))));
    const all = scores.flat();
    const label = `How ${plural(all.length, "score")} are spread, from ${Math.min(...all)} to ${Math.max(...all)}.`;
    const mark = now.threshold === undefined ? undefined : { value: now.threshold, name: "threshold" };
    const figures = ["generated", "duplicates", "empty", "cut", "tokens"];
    show(result, h("section", { class: "card", "aria-label": "Scores" }, h("h2", {}, "Scores"),
      h("div", { class: "figures" }, figures.map((name) => h("span", {}, `${name} ${count(statistics[name])}`))),
      all.length > 0 && h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Histogram" },
        histogram(all, { x: "score", y: "count", label }, mark)),
      table("What each filter keeps", ["Filter", "#Kept", "#Mean score"], filters.map((name, at) => {
        const held = scores.flatMap((list, prompt) => list.filter((_, place) => kept[at][prompt].has(place)));
        const sum = held.reduce((sum, score) => sum + score, 0);
        return [h("code", {}, name), count(held.length), held.length ? (sum / held.length).toFixed(3) : ""];
      })),
      statistics.duplicates + statistics.empty > 0 && h("p", { class: "hint" },
        "Answers were left out as empty or equal to others. random and sigmoid draw by the places before that: ",
        "they may keep others.")),
    data.map((one, prompt) => h("section", { class: "card", "aria-label": `Prompt ${prompt + 1}` },
      h("h2", {}, inert(textOf(one.prompt.content))),
      table(`Candidates of prompt ${prompt + 1}`, ["Answer", "#Score", ...filters],
        one.k_scored_generations.map(({ message, score }, place) => [
          h("span", { class: "raw", dir: "auto" }, inert(textOf(message.content))), score.toFixed(3),
          ...kept.map((sets) => (sets[prompt].has(place) ? "✓" : ""))])))));
  }
}
