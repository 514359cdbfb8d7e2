// Fields with their labels.
import { h } from "./dom.js";

let last = 0;

/// A label, its field, and a hint below.
export function field(label, control, hint) {
  control.id ||= `field-${++last}`;
  const note = hint && h("small", { id: `${control.id}-hint` }, hint);
  if (note) control.setAttribute("aria-describedby", note.id);
  return h("div", { class: "field" }, h("label", { for: control.id }, label), control, note);
}

/// A checkbox with its label behind it.
export function check(label, attributes) {
  const box = h("input", { type: "checkbox", id: `field-${++last}`, ...attributes });
  return { box, node: h("div", { class: "check" }, box, h("label", { for: box.id }, label)) };
}

/// A list to choose from: texts, or [value, text].
export function select(options, attributes) {
  return h("select", attributes, options.map((option) => {
    const [value, text] = Array.isArray(option) ? option : [option, option];
    return h("option", { value }, text);
  }));
}

export function number(attributes) {
  return h("input", { type: "number", inputmode: "decimal", step: "any", ...attributes });
}

export function area(attributes) {
  return h("textarea", { rows: 3, spellcheck: "false", ...attributes });
}

export function button(label, onclick, attributes) {
  return h("button", { type: "button", onclick, ...attributes }, label);
}

/// The number that a field holds, undefined when it is empty.
export function value(field) {
  return field.value.trim() === "" ? undefined : Number(field.value);
}

/// The object without what is undefined.
export function given(object) {
  return Object.fromEntries(Object.entries(object).filter((member) => member[1] !== undefined));
}
