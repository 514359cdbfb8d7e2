// Jobs that change a model: started, followed by their log, and asked beside their base.
import { failure, h, show } from "../lib/dom.js";
import { area, button, field, number, select, value } from "../lib/form.js";
import { ask, events, get, lines } from "../lib/http.js";
import { dataURL } from "../lib/files.js";
import { JobView, tag } from "../lib/job.js";
import { Ids, newID, parsed } from "../lib/parts.js";
import { columnsOf, readRows } from "../lib/rows.js";
import { snippet } from "../lib/snippet.js";
import { inert } from "../lib/text.js";

const sample = ["parcel", "invoice", "login", "refund"].map((word) => JSON.stringify({
  dialog: [{ role: "user", content: `Which queue for: ${word}?` },
    { role: "assistant", content: `Q-${word.toUpperCase()}` }],
})).join("\n");

export async function build(root, context) {
  const { state, announce, signal } = context;
  const ids = new Ids(state, "ids");
  const paths = (await get("openapi.json", { signal })).paths;
  let following = null;

  const input = (key, initial, more) => state.bind(number({ min: 0, ...more }), key, initial);
  const id = h("input", { value: newID("job") });
  const model = state.bind(select(context.models("inference")), "model");
  const algorithm = state.bind(select(["lora", "dora", "qlora", "full"]), "algorithm");
  const dataset = state.bind(h("input", {}), "dataset");
  const rows = area({ rows: 5, class: "code", value: sample });
  const validation = area({ rows: 2, class: "code" });
  const rank = input("rank", "8", { min: 1, step: 1 });
  const alpha = input("alpha", "16", { min: 1, step: 1 });
  const rate = input("lr", "0.001");
  const batch = input("batch", "4", { min: 1, step: 1 });
  const steps = input("steps", "20", { step: 1 });
  const epochs = input("epochs", "0", { step: 1 });
  const modules = state.bind(h("input", {}), "modules", "q_proj, v_proj");
  const more = state.bind(area({ rows: 2, class: "code", placeholder: '{"seed": 1, "validation_steps": 10}' }), "more");
  const problem = h("div", {});
  const view = h("div", { class: "fields" });
  const jobs = h("div", {});
  const wanted = h("input", {});
  const pair = (...fields) => h("div", { class: "pair" }, fields);

  root.append(h("div", { class: "columns" },
    h("section", { class: "fields", "aria-label": "Job" }, problem, view,
      h("details", { class: "card", open: !state.get("id") }, h("summary", {}, "New job"), h("div", { class: "fields" },
        pair(field("Id", id), field("Model", model)),
        field("Registered dataset", dataset, "Its id; or else the rows below."),
        field("Rows", rows, "JSON Lines with a column dialog or text."),
        field("Rows to validate with", validation, "None: those above."),
        pair(field("Algorithm", algorithm), field("Modules", modules)),
        pair(field("Rank", rank), field("Alpha", alpha)),
        pair(field("Learning rate", rate), field("Rows a step", batch)),
        pair(field("Steps at most", steps, "0: no bound."), field("Epochs at most", epochs, "0: no bound.")),
        field("More settings", more, "JSON: members of hyperparam_search_config."),
        h("div", { class: "row" }, button("Start", start, { class: "main" })),
        snippet(() => ({ path: "post_training/supervised_fine_tune/",
          body: request({ columns: { dialog: "dialog" }, content_url: "data:…" }) }))))),
    h("section", { class: "card", "aria-label": "Jobs" }, h("div", { class: "row spread" }, h("h2", {}, "Jobs"),
      button("Refresh", list, { class: "plain" })), jobs,
      h("form", {
        class: "fields", onsubmit: (event) => {
          event.preventDefault();
          if (wanted.value) open(wanted.value);
        },
      }, field("Open by id", wanted), h("button", {}, "Open")))));
  await list();
  if (state.get("id")) open(state.get("id"));

  /// All that the server lists; where it has no such route, those of the URL.
  async function list() {
    const all = [];
    try {
      if (paths["/post_training/job/list"]) {
        for await (const job of lines("post_training/job/list", { signal })) all.unshift(job);
      } else {
        const known = await Promise.allSettled(ids.all.map(status));
        all.push(...known.map(({ value }, index) => value ?? { job_uuid: ids.all[index], status: "unknown" }));
      }
      const rows = all.map((job) => h("li", { class: "row spread" },
        button(inert(job.job_uuid), () => open(job.job_uuid), { class: "link" }), tag(job.status)));
      show(jobs, rows.length ? h("ul", { class: "plain" }, rows) : h("p", { class: "hint" }, "None yet."));
    } catch (error) {
      if (!signal.aborted) show(jobs, failure(error));
    }
  }

  function status(job) {
    return get("post_training/job/status", { query: { job_uuid: job }, signal });
  }

  function request(data, checked = data) {
    return {
      job_uuid: id.value, model: model.value, dataset: data, validation_dataset: checked, algorithm: algorithm.value,
      algorithm_config: {
        lora_attn_modules: modules.value.split(/[\s,]+/).filter(Boolean), apply_lora_to_mlp: false,
        apply_lora_to_output: false, rank: value(rank), alpha: value(alpha),
      },
      optimizer_config: { optimizer_type: "adamw", lr: value(rate), lr_min: value(rate) / 100, weight_decay: 0.01 },
      training_config: {
        n_epochs: value(epochs) ?? 0, n_iters: value(steps) ?? 0, batch_size: value(batch), shuffle: true,
        enable_activation_checkpointing: false, memory_efficient_fsdp_wrap: false, fsdp_cpu_offload: false,
      },
      hyperparam_search_config: parsed(more, "More settings", {}), logger_config: {},
    };
  }

  async function inline(text) {
    const type = "application/jsonl";
    return { columns: columnsOf(readRows(text, type).rows, type), content_url: await dataURL(text, type) };
  }

  async function start() {
    problem.replaceChildren();
    try {
      const data = dataset.value ? await get("datasets/get", { query: { dataset_id: dataset.value }, signal })
        : await inline(rows.value);
      const checked = validation.value.trim() ? await inline(validation.value) : data;
      await ask("post_training/supervised_fine_tune/", { body: request(data, checked), signal });
      announce(`The job ${id.value} is taken on.`);
      open(id.value);
      id.value = newID("job");
    } catch (error) {
      if (!signal.aborted) show(problem, failure(error));
    }
  }

  /// Shows a job and follows its log to the end.
  async function open(job) {
    following?.abort();
    const mine = following = new AbortController();
    const both = AbortSignal.any([signal, mine.signal]);
    problem.replaceChildren();
    try {
      const first = await status(job);
      ids.add(job);
      state.set("id", job);
      list();
      const weight = h("input", { type: "range", min: 0, max: 0.95, step: 0.05 });
      state.bind(weight, "smoothing", "0.6");
      const shown = new JobView(job, weight, { signal: both, cancel: () => cancel(job) });
      shown.tell(first);
      show(view, shown.node);
      for await (const event of events("post_training/job/logs", { query: { job_uuid: job }, signal: both })) {
        event.log_lines.forEach((line) => shown.take(line));
        if (event.log_lines.some((line) => /^checkpoint .* saved/.test(line))) shown.tell(await status(job));
      }
      shown.draw();
      const last = await status(job);
      shown.tell(last);
      list();
      announce(`The job ${job} is ${last.status}.`);
    } catch (error) {
      if (!both.aborted) show(problem, failure(error));
    }
  }

  async function cancel(job) {
    try {
      await ask("post_training/job/cancel", { method: "POST", query: { job_uuid: job }, signal });
    } catch (error) {
      if (!signal.aborted) show(problem, failure(error));
    }
  }
}
