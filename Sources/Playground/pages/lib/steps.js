// A turn of an agent as it happens: its steps with their times, and the turn that the next one needs.
import { h, show } from "./dom.js";
import { bytes } from "./files.js";
import { textOf } from "./parts.js";
import { inert, milliseconds, plural } from "./text.js";

const titles = {
  model_inference: "Inference", tool_execution: "Tools", memory_retrieval: "Memory", safety_filtering: "Shields",
};
// Raw events of a step that are shown.
const rawMax = 300;

export class Turn {
  /// - messages: what the caller says
  constructor(messages) {
    Object.assign(this, { messages, steps: [], begin: performance.now() });
    this.node = h("ol", { class: "steps" });
  }

  /// Takes one event of the stream.
  take(event) {
    let step = this.steps.find((step) => step.uuid === event.step_uuid);
    if (!step) {
      const raw = h("pre", { class: "raw tall", tabindex: "0", "aria-label": "Raw events" });
      step = {
        uuid: event.step_uuid, type: event.step_type, begin: performance.now() - this.begin, events: 0, raw,
        text: "", calls: [], results: [], documents: [], body: h("div", { class: "fields" }), time: h("small", {}),
      };
      this.steps.push(step);
      this.node.append(h("li", { class: `step ${step.type}` }, h("div", { class: "fields" },
        h("div", { class: "row spread" }, h("h2", {}, titles[step.type] ?? step.type), step.time), step.body), raw));
    }
    step.events += 1;
    if (step.events <= rawMax) step.raw.append(`${inert(JSON.stringify(event))}\n`);
    else if (step.events === rawMax + 1) step.raw.append("…");
    step.text += event.response_text_delta ?? "";
    if (event.tool_call) step.calls.push(event.tool_call);
    if (event.tool_response_delta) step.results.push(event.tool_response_delta);
    if (event.retrieved_document) step.documents.push(event.retrieved_document);
    if (event.violation) step.violation = event.violation;
    if (event.stop_reason) step.stop = event.stop_reason;
    if (event.event_type === "step_end") step.seconds = performance.now() - this.begin - step.begin;
    step.time.textContent = `at ${milliseconds(step.begin)}` +
      (step.seconds === undefined ? ", runs" : `, took ${milliseconds(step.seconds)}`);
    // Once a frame, however many events it has.
    step.due ??= requestAnimationFrame(() => {
      step.due = null;
      show(step.body, draw(step));
    });
  }

  /// The calls that the caller must answer.
  get calls() {
    const last = this.steps.findLast((step) => /model|tool/.test(step.type));
    return last?.type === "model_inference" && !this.stopped ? last.calls : [];
  }

  /// The violation that ended the turn.
  get stopped() {
    return this.isWarned ? undefined : this.steps.at(-1)?.violation;
  }

  get reply() {
    if (this.stopped) return this.stopped.suggested_user_response ?? this.stopped.details;
    return this.steps.findLast((step) => step.type === "model_inference")?.text ?? "";
  }

  /// The turn as `turn_history` has it.
  json() {
    return {
      user_messages: this.messages, steps: this.steps.map(stepOf),
      response_message: { role: "assistant", content: this.reply, tool_calls: this.calls },
    };
  }
}

function stepOf(step) {
  const more = {
    model_inference: { text: step.text },
    tool_execution: { tool_calls: step.calls, tool_responses: step.results },
    // The stream has no scores; they are those of the ranks.
    memory_retrieval: { documents: step.documents, scores: step.documents.map((_, rank) => 1 / (61 + rank)) },
    safety_filtering: step.violation ? { violation: step.violation } : {},
  };
  return { step_type: step.type, uuid: step.uuid, ...more[step.type] };
}

function draw(step) {
  const code = (value) => h("pre", { tabindex: "0" },
    inert(typeof value === "string" ? value : JSON.stringify(value, null, 1)));
  switch (step.type) {
    case "model_inference":
      return [step.text && h("div", { class: "raw", dir: "auto" }, inert(step.text)),
        step.calls.map((call) => h("p", {}, "Calls ", h("code", {}, inert(call.tool_name)), ".")),
        step.stop === "max_tokens" && h("small", {}, "It was cut at the most tokens.")];
    case "tool_execution":
      return step.calls.map((call, index) => [
        h("p", {}, h("code", {}, inert(call.tool_name)), " with"), code(call.arguments),
        step.results[index] ? ["gave", code(textOf(step.results[index].content))] : h("small", {}, "runs …")]);
    case "memory_retrieval":
      return step.documents.length === 0 ? h("small", {}, step.seconds === undefined ? "" : "Nothing was found.")
        : [h("p", {}, `${plural(step.documents.length, "piece")}:`),
          h("ul", {}, step.documents.map((document) => h("li", {},
          h("strong", {}, inert(document.uuid)), " ", h("span", { class: "raw", dir: "auto" },
            inert(read(document))))))];
    default:
      if (!step.violation) return h("small", {}, step.seconds === undefined ? "" : "No objection.");
      return [h("p", { class: "failure" }, h("strong", {}, inert(step.violation.violation_type)), " ",
        inert(step.violation.details)),
        step.violation.suggested_user_response && h("p", {}, inert(step.violation.suggested_user_response))];
  }
}

function read(document) {
  return /^text|json/.test(document.mime_type) ? new TextDecoder().decode(bytes(document.content))
    : `[${document.mime_type}]`;
}
