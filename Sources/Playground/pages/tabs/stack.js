// What this server runs: APIs, providers, models, the distribution, the routes.
import { failure, h, show } from "../lib/dom.js";
import { button } from "../lib/form.js";
import { get } from "../lib/http.js";
import { yaml } from "../lib/yaml.js";
import { inert, plural } from "../lib/text.js";

export async function build(root, context) {
  const { signal, announce } = context;
  const ready = h("span", { class: "tag" });
  const body = h("div", { class: "stack" });
  root.append(h("div", { class: "row" }, ready, button("Refresh", async () => {
    await draw();
    announce(`The server is ${ready.textContent}.`);
  })), body);
  await draw();

  async function draw() {
    try {
      const [stack, health, document] = await Promise.all([
        get("ui/stack.json", { signal }),
        get("health/ready", { signal }).catch((error) => error.body ?? Promise.reject(error)),
        get("openapi.json", { signal }),
      ]);
      ready.textContent = health.status;
      ready.className = `tag ${health.status === "ready" ? "good" : "bad"}`;
      show(body, failures(stack), providers(stack), resources(stack), distribution(stack), routes(document));
    } catch (error) {
      if (error.name !== "AbortError") show(body, failure(error));
    }
  }
}

function section(title, ...content) {
  return h("section", { class: "card", "aria-label": title }, h("h2", {}, title), content);
}

function table(names, rows) {
  return h("div", { class: "scroll", tabindex: "0" }, h("table", {},
    h("thead", {}, h("tr", {}, names.map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map((cell, index) =>
      index === 0 ? h("th", { scope: "row" }, cell) : h("td", {}, cell)))))));
}

function failures(stack) {
  return stack.failed.length > 0 && section("Not served",
    h("ul", {}, stack.failed.map(({ name, reason }) => h("li", {}, h("strong", {}, inert(name)),
      `: ${inert(reason)}`))));
}

function providers(stack) {
  const list = stack.apis.map((api) => section(api, table(
    ["Provider", "Version", "State", "Isolation", "Library", "Needs", "Methods"],
    stack.providers.filter((provider) => provider.api === api).map((provider) => [
      [h("strong", {}, inert(provider.provider_id)), h("br", {}), h("small", {}, inert(provider.provider_type))],
      [inert(provider.version), h("br", {}), h("small", {}, inert(provider.runtime))], state(provider),
      provider.isolation + (provider.pid ? ` ${provider.pid}` : ""),
        h("code", { title: inert(provider.library) }, inert(provider.library.split("/").at(-1))),
      provider.needs.join(", ") || "nothing",
      h("details", {}, h("summary", {}, plural(provider.methods.length, "method")),
        h("ul", {}, provider.methods.map((name) => h("li", {}, h("code", {}, inert(name)))))),
    ]))));
  return h("div", { class: "stack" }, list);
}

function state(provider) {
  const notes = [
    provider.restarts > 0 && plural(provider.restarts, "restart"),
    provider.open_calls > 0 && plural(provider.open_calls, "open call"),
    provider.since && `since ${provider.since}`, provider.is_optional && "optional",
  ].filter(Boolean);
  return [h("span", { class: `tag ${provider.state === "running" ? "good" : "bad"}` }, provider.state),
    notes.length > 0 && h("small", {}, ` ${notes.join(", ")}`)];
}

function resources(stack) {
  const rows = stack.resources.map((resource) => [
    inert(resource.id), resource.kind, inert(`${resource.api}/${resource.provider_id}`),
    inert(resource.aliases.join(", ")),
    [resource.is_announced ? "its provider" : "the file", resource.base && ` (adapts ${inert(resource.base)})`],
  ]);
  return section("Models and other resources", table(["Id", "Kind", "Provider", "Other names", "Comes from"], rows));
}

function distribution(stack) {
  return section("Distribution", h("p", { class: "hint" },
    "What came from the environment, and what looks like a secret, is ***."),
    h("pre", { tabindex: "0" }, h("code", {}, inert(yaml(stack.distribution)))));
}

function routes(document) {
  const rows = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([verb, operation]) => {
    const name = `${verb.toUpperCase()} ${path}`;
    return [h("a", { href: `#/routes?route=${encodeURIComponent(name)}` }, name), operation.summary, operation.tags[0]];
  }));
  return section(`Routes (${rows.length})`, table(["Route", "What it does", "Part"], rows));
}
