import { h } from "../lib/dom.js";

export function build(root, context) {
  root.append(h("p", { class: "hint" }, "This tab is still empty: use any of its routes in ", h("a", { href: "#/routes" }, "Any route"), "."));
}
