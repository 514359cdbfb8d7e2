// A form for each route of the served document.
import { failure, h, show } from "../lib/dom.js";
import { area, button, field } from "../lib/form.js";
import { ask, events, get, lines } from "../lib/http.js";
import { Output } from "../lib/output.js";
import { Schemas } from "../lib/schema.js";
import { snippet } from "../lib/snippet.js";
import { milliseconds } from "../lib/text.js";

export async function build(root, context) {
  const { state, announce, signal } = context;
  const served = await get("openapi.json", { signal });
  const schemas = new Schemas(served);
  const all = Object.entries(served.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([verb, operation]) =>
      ({ name: `${verb.toUpperCase()} ${path}`, verb: verb.toUpperCase(), path, operation })));
  const groups = Map.groupBy(all, (route) => route.operation.tags[0]);
  const choice = state.bind(h("select", {}, [...groups].map(([tag, routes]) =>
    h("optgroup", { label: tag }, routes.map((route) => h("option", { value: route.name }, route.name))))), "route",
      all[0].name);
  const form = h("div", { class: "stack" });
  choice.addEventListener("change", draw);
  root.append(h("div", { class: "card" }, field("Route", choice)), form);
  draw();

  function draw() {
    const route = all.find((route) => route.name === choice.value) ?? all[0];
    show(form, routeForm(route));
  }

  function routeForm(route) {
    const { operation, path, verb } = route;
    const parameters = operation.parameters.map((parameter) => ({ parameter, ...parameterInput(parameter) }));
    const schema = operation.requestBody?.content?.["application/json"]?.schema;
    const body = schema ? bodyInput(schema) : null;
    const types = Object.keys(operation.responses["200"]?.content ?? {});
    const result = h("div", { class: "stack" });
    const problem = h("div", {});
    let running = null;
    const send = button("Send", start, { class: "main" });
    const halt = button("Stop", () => running?.abort(), { disabled: true });
    signal.addEventListener("abort", () => running?.abort());
    const fields = [...parameters.map((input) => input.node), ...(body?.nodes ?? [])];
    return h("div", { class: "stack" }, h("form", { class: "card", onsubmit: (event) => {
      event.preventDefault();
      start();
    } }, h("h2", {}, operation.summary), fields.length ? fields : h("p", { class: "hint" }, "It takes nothing."),
    h("div", { class: "row" }, send, halt), problem, snippet(() => {
      const { target, query, value } = request();
      const text = new URLSearchParams(query).toString();
      return { method: verb, path: target + (text && `?${text}`), body: value };
    })), result);

    function request() {
      const query = [];
      let target = path;
      for (const { parameter, read } of parameters) {
        const value = read();
        if (parameter.in === "path") target = target.replace(`{${parameter.name}}`, encodeURIComponent(value ?? ""));
        else for (const one of [value].flat()) if (one !== undefined) query.push([parameter.name, one]);
      }
      return { target, query, value: body?.read() };
    }

    async function start() {
      if (running) return;
      let asked;
      try {
        asked = request();
        show(problem);
      } catch (error) {
        show(problem, failure(error));
        return;
      }
      running = new AbortController();
      [send.disabled, halt.disabled] = [true, false];
      const begin = performance.now();
      const output = new Output();
      show(result, h("section", { class: "card", "aria-label": "Answer" }, output.head, output.node));
      try {
        await answer(output, asked, running.signal);
        announce(`The answer is there: ${output.said}.`);
      } catch (error) {
        output.head.append(error.name === "AbortError" ? h("span", { class: "tag" }, "stopped") : failure(error));
      }
      output.head.append(h("small", {}, milliseconds(performance.now() - begin)));
      running = null;
      [send.disabled, halt.disabled] = [false, true];
    }

    async function answer(output, { target, query, value }, signal) {
      const text = new URLSearchParams(query).toString();
      const options = { method: verb, body: value, signal };
      const url = target + (text && `?${text}`);
      const isStream = types.includes("text/event-stream") && (types.length === 1 || value?.stream === true);
      if (isStream) for await (const event of events(url, options)) output.line(event);
      else if (types.includes("application/jsonl")) for await (const line of lines(url, options)) output.line(line);
      else await output.whole(await ask(url, options));
    }
  }

  function parameterInput(parameter) {
    const isList = parameter.schema?.type === "array";
    if (!isList) return schemas.input(parameter.name, { ...parameter.schema, description: parameter.description },
      parameter.required);
    const control = area({ rows: 2 });
    return {
      node: field(`${parameter.name}${parameter.required ? " (required)" : ""}`, control, "One a line."),
      read: () => control.value.split("\n").filter(Boolean),
    };
  }

  /// A field for each member, required ones first; for a body that is no object, one.
  function bodyInput(schema) {
    const plain = schemas.plain(schema);
    if (!plain.properties) {
      const input = schemas.input("body", schema, true);
      return { nodes: [input.node], read: input.read };
    }
    const required = new Set(plain.required ?? []);
    const inputs = Object.entries(plain.properties).map(([name, schema]) =>
      ({ name, isRequired: required.has(name), ...schemas.input(name, schema, required.has(name)) }));
    const model = inputs.find(({ name }) => name === "model");
    if (model) model.control.value ||= context.models("inference")[0] ?? "";
    const more = inputs.filter((input) => !input.isRequired);
    return {
      nodes: [...inputs.filter((input) => input.isRequired).map((input) => input.node),
        more.length && h("details", {}, h("summary", {}, `${more.length} fields that may be left out`),
          h("div", { class: "grid" }, more.map((input) => input.node)))],
      read: () => Object.fromEntries(inputs.map((input) => [input.name, input.read()]).filter((member) =>
        member[1] !== undefined)),
    };
  }
}
