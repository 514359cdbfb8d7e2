// Pieces that several tabs share.
import { announce, h } from "./dom.js";
import { button } from "./form.js";

/// A button that acts when it is pressed twice: the first time it asks.
export function sureButton(label, question, act) {
  let timer = null;
  const calm = () => {
    clearTimeout(timer);
    timer = null;
    node.textContent = label;
    node.classList.remove("sure");
  };
  const node = button(label, () => {
    if (timer) {
      calm();
      act();
      return;
    }
    node.textContent = question();
    node.classList.add("sure");
    announce(node.textContent);
    timer = setTimeout(calm, 5000);
  });
  node.addEventListener("blur", calm);
  return node;
}

/// A table that scrolls by itself where it is wide.
/// - head: texts; one that begins with "#" is of a column of numbers
/// - rows: lists of texts or nodes, in the order of `head`
export function table(label, head, rows, attributes) {
  const kind = (index) => (head[index].startsWith("#") ? "number" : null);
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, h("table", attributes,
    h("thead", {}, h("tr", {},
      head.map((name, index) => h("th", { scope: "col", class: kind(index) }, name.replace("#", ""))))),
    h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell, index) => h("td", { class: kind(index) }, cell)))))));
}

/// The ids that a view has made, kept in the URL: the API has no route that lists them.
export class Ids {
  constructor(state, key) {
    Object.assign(this, { state, key });
    this.all = state.get(key).split("\n").filter(Boolean);
  }

  /// The newest is the first.
  add(id) {
    this.all = [id, ...this.all.filter((other) => other !== id)].slice(0, 20);
    this.state.set(this.key, this.all.join("\n"));
  }

  remove(id) {
    this.all = this.all.filter((other) => other !== id);
    this.state.set(this.key, this.all.join("\n"));
  }
}

/// The value that a field's JSON says; `otherwise` when it is empty.
export function parsed(field, name, otherwise) {
  if (!field.value.trim()) return otherwise;
  try {
    return JSON.parse(field.value);
  } catch (error) {
    field.focus();
    throw new Error(`${name} is no JSON: ${error.message}`);
  }
}

/// The text of a message's content; an attachment is named by its type.
export function textOf(content) {
  if (typeof content === "string") return content;
  if (Array.isArray(content)) return content.map(textOf).join("\n");
  return `[${content?.mime_type ?? "attachment"}]`;
}

/// An id that is not yet taken, most likely.
export function newID(prefix) {
  return `${prefix}-${new Date().toISOString().slice(0, 19).replace(/\D/g, "")}`;
}

/// 1536 → "1.5 KiB"
export function size(value) {
  const names = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  let at = 0;
  for (; value >= 1024 && at < 4; at += 1) value /= 1024;
  return `${at ? value.toFixed(1) : value} ${names[at]}`;
}

/// Waits, unless the view is left.
export function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    }, { once: true });
  });
}
