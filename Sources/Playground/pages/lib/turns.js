// The messages of a dialog, with what can be done with each.
import { h, present, raw, show } from "./dom.js";
import { area, button, field } from "./form.js";
import { markdown } from "./markdown.js";
import { count, inert, milliseconds } from "./text.js";

export class Turns {
  /// - actions: { answer(), retry(node), model(), windowTokens(), announce(sentence) }
  constructor(dialog, actions) {
    this.dialog = dialog;
    this.actions = actions;
    this.edited = null;
    this.node = h("ol", { class: "log", "aria-label": "Dialog" });
  }

  draw() {
    const path = this.dialog.path();
    show(this.node, path.map((node) => this.turn(node)), path.length ? null : h("li", { class: "empty" },
      this.actions.model() ? ["Say something to ", h("strong", {}, inert(this.actions.model())), "."]
        : "No model is served."));
  }

  /// Keeps the end in sight while an answer grows, unless the reader has gone up.
  follow(signal) {
    const page = document.scrollingElement;
    let height = page.scrollHeight;
    page.scrollTop = height;
    const watch = new ResizeObserver(() => {
      const grown = page.scrollHeight;
      if (page.scrollTop + innerHeight >= height - 48) page.scrollTop = grown;
      height = grown;
    });
    watch.observe(this.node);
    signal.addEventListener("abort", () => watch.disconnect());
  }

  turn(node) {
    const { before, body, after } = this.parts(node);
    return node.item = h("li", { class: `turn ${node.role}`, "aria-busy": node.isRunning ? "true" : null }, before,
      body, after);
  }

  /// Draws a message again, but for its text: that of a long answer stays as it is.
  update(node) {
    const { before, body, after } = this.parts(node);
    for (const child of [...node.item.children]) if (child !== body) child.remove();
    node.item.removeAttribute("aria-busy");
    body.before(...present(before));
    body.after(...present(after));
  }

  parts(node) {
    const names = { user: "You", tool: `Result of ${inert(node.name ?? node.callID ?? "a tool")}` };
    const name = names[node.role] ?? inert(node.model ?? "Assistant");
    const isEdited = this.edited === node;
    return {
      before: [
        h("header", {}, h("h2", {}, name), isEdited || node.isRunning ? null : this.buttons(node, name)),
        node.thoughts ? h("details", {}, h("summary", {}, "Thoughts"),
          h("div", { class: "raw hint" }, inert(node.thoughts))) : null,
      ],
      body: isEdited ? this.editor(node) : this.body(node),
      after: [
        ...(node.calls ?? []).map((call) => this.call(node, call)),
        node.figures ? h("footer", { class: "figures" }, this.figures(node)) : null,
      ],
    };
  }

  body(node) {
    return node.body ??= node.role === "assistant" ? markdown(node.content) : raw(node.content);
  }

  buttons(node, name) {
    const plain = (label, action, title) => button(label, action,
      { class: "plain", "aria-label": `${title} (${name})`, title });
    const beside = node.parent.children;
    const at = beside.indexOf(node);
    const go = (index) => {
      this.dialog.choose(beside[index]);
      this.draw();
    };
    return [
      beside.length > 1 && h("span", { class: "row" },
        button("‹", () => go(at - 1), { class: "plain", disabled: at === 0, "aria-label": "Branch before" }),
        h("small", {}, `${at + 1} of ${beside.length}`),
        button("›", () => go(at + 1), { class: "plain", disabled: at === beside.length - 1,
          "aria-label": "Branch after" })),
      node.role === "assistant" && plain("Retry", () => this.actions.retry(node), "Another answer"),
      node.role !== "tool" && plain("Edit", () => this.edit(node), "Edit as a branch"),
      node.children.length > 0 && node.role === "assistant" && plain("Branch", () => {
        this.dialog.leaf = node;
        this.draw();
        this.actions.announce("The next message begins a branch here.");
      }, "Go on from here"),
      plain("Copy", async () => {
        await navigator.clipboard.writeText(node.content);
        this.actions.announce("Copied.");
      }, "Copy the text"),
    ];
  }

  edit(node) {
    this.edited = node;
    this.draw();
    this.node.querySelector("textarea")?.focus();
  }

  editor(node) {
    const text = area({ value: node.content, rows: Math.min(12, node.content.split("\n").length + 1) });
    const close = () => {
      this.edited = null;
      this.draw();
    };
    return h("div", { class: "field" }, field("Text", text), h("div", { class: "row" },
      button(node.role === "user" ? "Send as a branch" : "Keep as a branch", () => {
        this.edited = null;
        this.dialog.add({ role: node.role, content: text.value, model: node.model }, node.parent);
        if (node.role === "user") this.actions.answer();
        else this.draw();
      }, { class: "main" }), button("Cancel", close)));
  }

  /// A call, and the field for its result until it has one.
  call(node, call) {
    const isOpen = !node.isRunning && this.dialog.leaf === node;
    const result = area({ rows: 2, value: call.result ?? "", class: "code" });
    return h("div", { class: "call" },
      h("h3", {}, "Calls ", h("code", {}, inert(call.name))),
        h("pre", { tabindex: "0" }, inert(pretty(call.arguments))),
      isOpen && field(`Result of ${call.name}`, result),
      isOpen && h("div", { class: "row" }, button("Answer the call", () => this.give(node, call, result.value),
        { class: "main" })));
  }

  /// The model goes on when every call has its result.
  give(node, call, result) {
    call.result = result;
    if (node.calls.some((call) => call.result === undefined)) {
      this.draw();
      this.actions.announce("The other calls still wait.");
      return;
    }
    for (const { id, name, result } of node.calls) this.dialog.add({ role: "tool", content: result, callID: id, name });
    this.actions.answer();
  }

  figures(node) {
    const { first, seconds, completion_tokens: made, total_tokens: all } = node.figures;
    const room = this.actions.windowTokens();
    return [
      first !== null && h("span", {}, `first token ${milliseconds(first)}`),
      made > 1 && seconds > 0.02 && h("span", {}, `${((made - 1) / seconds).toFixed(1)} tokens/s`),
      all && h("span", {}, room ? `${count(all)} of ${count(room)} tokens ` : `${count(all)} tokens`,
        room ? h("meter", { max: room, value: all, "aria-label": "Tokens of the window" }) : null),
      node.finish && h("span", {}, node.finish),
    ];
  }
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
