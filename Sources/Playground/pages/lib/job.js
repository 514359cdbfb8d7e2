// One training job: its curve, figures, checkpoints, resources and log, and a question to what it has made.
import { lineChart, smooth } from "./chart.js";
import { announce, failure, h, show } from "./dom.js";
import { area, button, field } from "./form.js";
import { events } from "./http.js";
import { size, sureButton, table } from "./parts.js";
import { count, inert, plural } from "./text.js";

// Points of a line, and lines of a log, that are shown.
const pointsMax = 1000;
const linesMax = 2000;

export function tag(status) {
  return h("span", { class: `tag ${{ completed: "good", failed: "bad" }[status] ?? "warn"}` }, status);
}

export class JobView {
  losses = [];
  validations = [];
  last = {};

  /// - weight: the field that says how much the curve is smoothed
  /// - options: { cancel, signal }
  constructor(id, weight, options) {
    Object.assign(this, { id, weight, ...options });
    this.head = h("div", { class: "row" });
    this.curve = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Curve" });
    this.figures = h("div", { class: "figures" });
    this.checkpoints = h("div", {});
    this.facts = h("div", {});
    this.log = h("pre", { class: "raw tall", tabindex: "0", "aria-label": "Log" });
    this.chat = h("div", {});
    weight.addEventListener("input", () => this.draw());
    this.node = h("div", { class: "fields" },
      h("section", { class: "card", "aria-label": "Chosen job" }, this.head, this.curve, field("Smoothing", weight),
        this.figures, this.checkpoints, h("details", {}, h("summary", {}, "Times and resources"), this.facts),
        h("details", {}, h("summary", {}, "Log"), this.log)),
      this.chat);
  }

  /// Takes a line of the log; the picture follows a little later, once for many.
  take(line) {
    this.log.append(`${inert(line)}\n`);
    if (this.log.childNodes.length > linesMax) this.log.firstChild.remove();
    const words = line.split(" ");
    const step = Number(/step (\d+)\//.exec(line)?.[1]);
    if (words[0] === "step") {
      this.last = {};
      for (let at = 0; at + 1 < words.length; at += 2) this.last[words[at]] = words[at + 1];
      this.losses.push([step, Number(this.last.loss)]);
    } else if (words[0] === "validation" && step) this.validations.push([step, Number(words[1])]);
    this.base = /^job \S+ \S+ base (\S+)/.exec(line)?.[1] ?? this.base;
    this.served = /is served as (.+?) after/.exec(line)?.[1] ?? this.served;
    this.due ??= setTimeout(() => this.draw(), 100);
  }

  draw() {
    clearTimeout(this.due);
    this.due = null;
    const { losses, validations } = this;
    show(this.figures, Object.entries(this.last).map(([name, figure]) => h("span", {}, `${words(name)} ${figure}`)));
    if (losses.length) {
      const label = `The loss of ${plural(losses.length, "step")}, from ${losses[0][1]} to ${losses.at(-1)[1]}` +
        (validations.length ? `; validation ${validations.at(-1)[1]}.` : ".");
      show(this.curve, lineChart([
        { name: "loss", points: thin(losses), isFaint: true },
        { name: "smoothed", points: thin(smooth(losses, Number(this.weight.value))) },
        { name: "validation", points: validations, isDashed: true },
      ], { x: "step", y: "loss", label }));
    }
    if (this.served && !this.chat.firstChild) this.chat.append(this.beside(this.base, this.served));
  }

  /// Takes an answer of `job/status`.
  tell(status) {
    const isOpen = /running|scheduled/.test(status.status);
    show(this.head, h("h2", {}, inert(this.id)), tag(status.status),
      isOpen && sureButton("Cancel", () => `Cancel ${this.id}?`, this.cancel));
    show(this.checkpoints, status.checkpoints?.length > 0 && table("Checkpoints", ["#Step", "Checkpoint"],
      status.checkpoints.map((one) => [count(one.iters), h("code", {}, inert(one.path))])));
    const times = ["scheduled", "started", "completed"].map((name) => [name, status[`${name}_at`]])
      .filter((row) => row[1]).map(([name, time]) => [name, new Date(time).toLocaleString()]);
    const held = Object.entries(status.resources_allocated ?? {}).map(([name, held]) => {
      if (typeof held !== "number") return [words(name), inert(String(held))];
      return [words(name), /bytes/.test(name) ? size(held) : count(held)];
    });
    show(this.facts, table("Resources", ["What", "How much"], [...times, ...held]));
  }

  /// One question to what was trained and to its base.
  beside(base, served) {
    const prompt = area({ rows: 2, value: "Which queue for: invoice?" });
    const answers = [base, served].map((name) => [name, h("div", { class: "raw", dir: "auto" })]);
    const ask = async ([model, node]) => {
      node.textContent = "";
      const messages = [{ role: "user", content: prompt.value }];
      const body = { model, messages, temperature: 0, max_tokens: 100, stream: true };
      try {
        for await (const event of events("v1/chat/completions", { body, signal: this.signal })) {
          node.append(inert(event.choices?.[0]?.delta?.content ?? ""));
        }
        if (model === served) announce(`It answers: ${node.textContent}`);
      } catch (error) {
        if (!this.signal.aborted) show(node, failure(error));
      }
    };
    return h("section", { class: "card", "aria-label": "Chat with it" },
      h("h2", {}, "Chat with it, beside its base"), field("Message", prompt),
      h("div", { class: "row" }, button("Ask both", () => answers.forEach(ask)),
        h("a", { href: `#/chat?model=${encodeURIComponent(served)}` }, "Open in Chat")),
      h("div", { class: "three" }, answers.map(([name, node]) => h("section", { "aria-label": name },
        h("h3", {}, inert(name)), node))));
  }
}

/// Not more points than a screen has room for; the last is one of them.
function thin(points) {
  const every = Math.ceil(points.length / pointsMax);
  return points.filter((_, index) => index % every === 0 || index === points.length - 1);
}

/// "tokens_per_s" → "tokens per s"
function words(name) {
  return name.replaceAll("_", " ");
}
