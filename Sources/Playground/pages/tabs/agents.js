// Turns of an agent, step by step.
import { failure, h, show } from "../lib/dom.js";
import { area, button, check, field, select } from "../lib/form.js";
import { ask, events, get, lines } from "../lib/http.js";
import { markdown } from "../lib/markdown.js";
import { Ids, newID, parsed, sureButton } from "../lib/parts.js";
import { snippet } from "../lib/snippet.js";
import { Turn } from "../lib/steps.js";
import { inert, milliseconds, plural } from "../lib/text.js";

export async function build(root, context) {
  const { state, announce, signal, stack } = context;
  const ids = new Ids(state, "ids");
  let agent = null;
  let turns = [];
  let running = null;
  signal.addEventListener("abort", () => running?.abort());

  const chosen = select([]);
  const about = h("div", { class: "fields" });
  const problem = h("div", {});
  const log = h("ol", { class: "log", "aria-label": "Turns" });
  const text = area({ rows: 2, placeholder: "Write a message" });
  const send = h("button", { class: "main" }, "Send");
  const halt = button("Stop", () => running?.abort(), { disabled: true });
  const wanted = h("input", {});

  const id = h("input", { value: newID("agent") });
  const model = select(context.models("inference"));
  const instructions = area({ rows: 3, value: "You are a helpful assistant." });
  const own = area({
    rows: 2, class: "code", placeholder: '[{"tool_name": "ask_user", "parameters": {"question": "what to ask"}}]',
  });
  const tools = await choices("tools", "Tools that the server runs", "tools/list", "tool_name");
  const banks = await choices("memory_banks", "Memory banks", "memory_banks/get", "uuid");
  const before = await choices("safety", "Shields on messages", "safety/list", "shield_type");
  const after = await choices("safety", "Shields on the answer", "safety/list", "shield_type");

  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") running?.abort();
  }, { signal });
  chosen.addEventListener("change", () => open(chosen.value));
  const creation = h("details", { open: !ids.all.length }, h("summary", {}, "New agent"), h("div", { class: "fields" },
    field("Id", id), field("Model", model), field("Instructions", instructions), tools.node,
    field("Tools of the caller", own, "A JSON list; their calls you answer here."), banks.node, before.node, after.node,
    h("div", { class: "row" }, button("Create", create, { class: "main" })),
    snippet(() => ({ path: "agentic_system/create", body: definition() }))));
  root.append(h("div", { class: "columns" },
    h("section", { class: "chat", "aria-label": "Agent" }, log, problem,
      h("form", {
        class: "composer", onsubmit: (event) => {
          event.preventDefault();
          submit();
        },
      }, field("Message", text), h("div", { class: "row spread" }, h("small", {}, "Enter sends, Escape stops."),
        h("div", { class: "row" }, halt, send)))),
    h("div", { class: "fields" },
      h("section", { class: "card", "aria-label": "Chosen agent" }, field("Agent", chosen), about,
        h("form", {
          class: "fields", onsubmit: (event) => {
            event.preventDefault();
            if (wanted.value) open(wanted.value);
          },
        }, field("Open by id", wanted, "No route lists agents: those of this page are in its URL."),
          h("button", {}, "Open")),
        snippet(() => ({ path: "agentic_system/execute", body: request([{ role: "user", content: text.value }]),
          isStream: true }))),
      h("section", { class: "card", "aria-label": "New agent" }, creation))));
  await open(state.get("id"));

  /// Boxes for what an API lists; none where it is not served.
  async function choices(api, title, path, key) {
    const boxes = [];
    if (stack.apis.includes(api)) {
      for await (const row of lines(path, { signal })) boxes.push(check(inert(row[key]), { value: row[key] }));
    }
    const node = boxes.length > 0 && h("fieldset", {}, h("legend", {}, title), boxes.map((box) => box.node));
    return { node, names: () => boxes.filter(({ box }) => box.checked).map(({ box }) => box.value) };
  }

  function definition() {
    const shields = (list) => list.names().map((name) => ({ shield_type: name }));
    return {
      uuid: id.value, instructions: instructions.value, model: model.value,
      available_tools: [...tools.names().map((name) => ({ tool_name: name })),
        ...parsed(own, "Tools of the caller", [])],
      executable_tools: tools.names(), memory_bank_uuids: banks.names(), input_shields: shields(before),
      output_shields: shields(after),
    };
  }

  async function create() {
    problem.replaceChildren();
    try {
      await ask("agentic_system/create", { body: definition(), signal });
      announce(`The agent ${id.value} is made.`);
      creation.open = false;
      await open(id.value);
      id.value = newID("agent");
      text.focus();
    } catch (error) {
      if (!signal.aborted) show(problem, failure(error));
    }
  }

  async function open(one) {
    running?.abort();
    [agent, turns] = [null, []];
    problem.replaceChildren();
    try {
      if (one) {
        agent = await get("agentic_system/get", { query: { agent_id: one }, signal });
        ids.add(one);
        state.set("id", one);
      }
    } catch (error) {
      if (!signal.aborted) show(problem, failure(error));
    }
    show(chosen, [...select(ids.all).children]);
    chosen.value = agent?.uuid ?? "";
    send.disabled = !agent;
    show(about, agent && [
      h("p", {}, inert(agent.model), ": ", inert(agent.instructions.slice(0, 300))),
      h("p", { class: "hint" }, [
        plural(agent.available_tools.length, "tool"), plural(agent.memory_bank_uuids.length, "bank"),
        plural(agent.input_shields.length + agent.output_shields.length, "shield")].join(", ")),
      h("div", { class: "row" }, sureButton("Delete", () => `Delete ${agent.uuid}?`, remove))]);
    draw();
  }

  async function remove() {
    try {
      await ask("agentic_system/delete", { method: "DELETE", query: { agent_id: agent.uuid }, signal });
      announce(`${agent.uuid} is deleted.`);
      ids.remove(agent.uuid);
      state.set("id", "");
      await open(ids.all[0]);
    } catch (error) {
      if (!signal.aborted) show(problem, failure(error));
    }
  }

  function request(messages) {
    const history = turns.filter((turn) => turn.isWhole).map((turn) => turn.json());
    return { agent_uuid: agent?.uuid ?? id.value, messages, turn_history: history, stream: true };
  }

  function submit() {
    if (running || !agent || !text.value.trim()) return;
    const messages = [{ role: "user", content: text.value }];
    text.value = "";
    take(messages);
  }

  async function take(messages) {
    problem.replaceChildren();
    running = new AbortController();
    const body = request(messages);
    const turn = new Turn(messages);
    turn.isWarned = [...agent.input_shields, ...agent.output_shields].some((shield) =>
      shield.params?.on_violation === "warn");
    turns.push(turn);
    [send.disabled, halt.disabled] = [true, false];
    draw();
    try {
      for await (const event of events("agentic_system/execute", { body, signal: running.signal })) turn.take(event);
      turn.isWhole = true;
      announce(`Answer: ${turn.reply.slice(0, 300) || plural(turn.calls.length, "call")}`);
    } catch (error) {
      turn.why = error.name === "AbortError" ? "It was stopped, and is not in the next turn's history." : null;
      if (!turn.why) show(problem, failure(error));
    }
    turn.seconds = performance.now() - turn.begin;
    running = null;
    [send.disabled, halt.disabled] = [false, true];
    if (!signal.aborted) draw();
  }

  function draw() {
    show(log, turns.map(shown), turns.length ? null
      : h("li", { class: "empty" }, agent ? `Say something to ${inert(agent.uuid)}.`
        : "Create an agent, or open one by its id."));
  }

  function shown(turn, index) {
    const said = turn.messages.map((message) => (message.role === "tool"
      ? message.tool_responses.map((result) => `${result.tool_name}: ${result.content}`).join("\n") : message.content));
    const isLast = index === turns.length - 1;
    return h("li", { class: "fields" },
      h("div", { class: "turn user" }, h("div", { class: "raw", dir: "auto" }, inert(said.join("\n")))), turn.node,
      turn.isWhole && turn.reply && h("div", { class: "turn assistant" }, markdown(turn.reply)),
      turn.isWhole && isLast && turn.calls.length > 0 && answers(turn),
      turn.seconds && h("div", { class: "figures" }, h("span", {}, plural(turn.steps.length, "step")),
        h("span", {}, milliseconds(turn.seconds)), turn.why && h("span", {}, turn.why)));
  }

  /// A field for the result of each call that is the caller's.
  function answers(turn) {
    const fields = turn.calls.map(() => area({ rows: 1 }));
    return h("form", {
      class: "card", onsubmit: (event) => {
        event.preventDefault();
        take([{
          role: "tool", content: "",
          tool_responses: turn.calls.map((call, index) =>
            ({ tool_name: call.tool_name, content: fields[index].value })),
        }]);
      },
    }, h("h2", {}, "The agent waits for you"), turn.calls.map((call, index) => field(
      `Result of ${call.tool_name}`, fields[index], inert(JSON.stringify(call.arguments)))),
        h("div", { class: "row" }, h("button", {}, "Send results")));
  }
}
