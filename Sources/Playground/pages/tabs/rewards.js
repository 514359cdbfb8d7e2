// Answers, ranked by a reward model.
import { failure, h, show } from "../lib/dom.js";
import { area, button, field, select } from "../lib/form.js";
import { get } from "../lib/http.js";
import { textOf } from "../lib/parts.js";
import { snippet } from "../lib/snippet.js";
import { inert, milliseconds, plural } from "../lib/text.js";

export function build(root, context) {
  const { state, announce, signal } = context;
  const model = state.bind(select(context.models("reward_scoring")), "model");
  const prompt = state.bind(area({ rows: 2 }), "prompt", "Where is my parcel?");
  const candidates = state.bind(area({ rows: 8 }), "candidates",
    "No idea.\n\nLet me look that up for you.\n\nIt left our store this morning.");
  const run = button("Rank", start, { class: "main" });
  const result = h("div", {});

  root.append(h("div", { class: "columns" },
    h("section", { class: "fields", "aria-label": "Candidates" },
      h("div", { class: "card" }, field("Prompt", prompt),
        field("Candidates", candidates, "An empty line between two."), h("div", { class: "row" }, run)), result),
    h("section", { class: "card", "aria-label": "Settings" },
      field("Reward model", model, "Scores of two models have nothing in common."),
        snippet(() => ({ path: "reward_scoring/score", body: request() })))));

  function request() {
    return {
      model: model.value, prompt_generations: [{
        dialog: { message: { role: "user", content: prompt.value } },
        k_generations: candidates.value.split(/\n\s*\n/).filter((text) => text.trim()).map((content) =>
          ({ role: "assistant", content })),
      }],
    };
  }

  async function start() {
    run.disabled = true;
    const begin = performance.now();
    try {
      const answer = await get("reward_scoring/score", { body: request(), signal });
      const ranked = answer.scored_generations[0].k_scored_generations.toSorted((a, b) => b.score - a.score);
      const [most, least] = [ranked[0]?.score, ranked.at(-1)?.score];
      show(result, h("section", { class: "card", "aria-label": "Ranking" },
        h("div", { class: "row spread" }, h("h2", {}, "Ranking"),
          h("small", {}, `${plural(ranked.length, "candidate")}, ${milliseconds(performance.now() - begin)}`)),
        h("ol", { class: "ranked" }, ranked.map(({ message, score }) => h("li", {},
          h("div", { class: "row" },
            h("meter", { min: 0, max: 1, value: most > least ? (score - least) / (most - least) : 1,
            "aria-label": "From the worst to the best" }),
            h("strong", {}, score.toFixed(3))),
          h("div", { class: "raw", dir: "auto" }, inert(textOf(message.content))))))));
      announce(ranked.length ? `The best: ${textOf(ranked[0].message.content).slice(0, 200)}` : "No candidates.");
    } catch (error) {
      if (!signal.aborted) show(result, failure(error));
    }
    run.disabled = false;
  }
}
