// An answer as it came: whole, or line by line, as text. A long one is shown in part.
import { h, save } from "./dom.js";
import { button } from "./form.js";
import { count, inert } from "./text.js";

const shownMax = 20000;
const linesMax = 500;

export class Output {
  constructor() {
    this.head = h("div", { class: "row" }, h("h2", {}, "Answer"));
    this.node = h("div", { class: "stack" });
    this.count = 0;
    this.said = "";
  }

  /// The body of a response.
  async whole(response) {
    const text = await response.text();
    this.said = `status ${response.status}`;
    this.head.append(h("span", { class: "tag good" }, String(response.status)),
      h("small", {}, response.headers.get("content-type") ?? "empty"));
    if (text) this.node.append(block(pretty(text)));
  }

  /// One event or line of a stream.
  line(value) {
    this.count += 1;
    this.said = `${count(this.count)} lines`;
    this.list ??= this.node.appendChild(h("pre", { tabindex: "0", class: "raw" }));
    this.all ??= [];
    const text = JSON.stringify(value);
    this.all.push(text);
    if (this.count <= linesMax) this.list.append(h("div", {}, inert(text.slice(0, shownMax))));
    this.note ??= this.node.appendChild(h("div", { class: "row" }, this.number = h("small", {}),
      button("Save as JSON Lines", () => save("answer.jsonl", this.all.join("\n") + "\n", "application/jsonl"))));
    const note = this.count > linesMax ? `, the first ${linesMax} are shown` : "";
    this.number.textContent = `${count(this.count)} lines${note}`;
  }
}

/// Text of which the first part is shown, and more on request.
export function block(text) {
  const node = h("pre", { tabindex: "0", class: "raw" }, inert(text.slice(0, shownMax)));
  if (text.length <= shownMax) return node;
  let shown = shownMax;
  const more = button("", () => {
    // Each part is a block of its own, so that the layout of one never waits for all.
    node.append(h("span", { class: "lines" }, inert(text.slice(shown, shown + shownMax))));
    shown += shownMax;
    label();
  });
  const label = () => {
    more.textContent = `Show more (${count(Math.max(0, text.length - shown))} characters)`;
    more.hidden = shown >= text.length;
  };
  label();
  return h("div", { class: "stack" }, node, h("div", { class: "row" }, more,
    button("Save", () => save("answer.txt", text, "text/plain"))));
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
