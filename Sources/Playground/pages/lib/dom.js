// Nodes without markup: whatever a model or a file says goes in as text.
import { inert } from "./text.js";

/// h("button", { class: "main", onclick: send }, "Send"): an element. `null` and `false` children are left out, lists
/// are flattened; an attribute that is null or false is left out, true is an empty one.
export function h(name, attributes, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/// The same for a picture.
export function svg(name, attributes, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function fill(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "value" || key === "checked" || key === "selected" || key === "indeterminate") node[key] = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...present(children));
  return node;
}

/// The children that are there, in one list.
export function present(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

/// In place of what the node has.
export function show(node, ...children) {
  node.replaceChildren(...present(children));
  return node;
}

/// A text as it is, with its line breaks. A long one is cut into blocks, so that no layout waits for all of it.
export function raw(text) {
  const parts = [];
  for (let start = 0; start < text.length;) {
    const most = start + 4000;
    const end = most < text.length
      ? Math.max(text.lastIndexOf("\n", most), text.lastIndexOf(" ", most)) + 1 : text.length;
    const next = end > start ? end : most;
    parts.push(h("span", { class: "lines" }, inert(text.slice(start, next))));
    start = next;
  }
  return h("div", { class: "raw", dir: "auto" }, parts);
}

let said = 0;

/// Says a sentence to those who hear the page.
export function announce(sentence) {
  const live = document.getElementById("live");
  // The same sentence twice would not be said again.
  live.textContent = sentence + (said++ % 2 ? "\u00a0" : "");
}

/// An error for the reader, and for the live region.
export function failure(error) {
  announce(`Failed: ${error.message}`);
  const more = [error.code, error.field && `field ${error.field}`, error.requestID && `request ${error.requestID}`];
  return h("p", { class: "failure" }, h("strong", {}, error.status ? `${error.status} ` : ""), error.message,
    h("small", {}, more.filter(Boolean).join(" · ")));
}

/// Saves a text as a file of the reader's machine.
export function save(name, text, type) {
  const url = URL.createObjectURL(new Blob([text], { type: type ?? "application/json" }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}
