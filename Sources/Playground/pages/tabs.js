// The tabs, in the order of the navigation. A tab is a module of the folder `tabs` that exports
//
//   build(root, context)   fills the empty element `root`. It may be async, and throw: the page then says so.
//
// and a row here: its name in the URL, its title, the API that it needs (null: none), and what it is for.
// The context has
//
//   state     what the URL says of this view; see lib/state.js
//   stack     what `ui/stack.json` says: name, apis, providers, resources, failed
//   signal    aborted when the view is left: pass it to every request
//   announce  announce("A sentence.") for those who hear the page
//   models    models("inference", "embeddings"): the ids of an API's models, those that can do this; by default text
//   windowTokens(model)                         the size of a model's window, where it is known
export const tabs = [
  row("chat", "Chat", "inference", "Talk with a model", "Inference"),
  row("completion", "Completion", "inference", "Continue a text, token by token", "Inference"),
  row("batch", "Batch", "inference", "Many prompts at once", "Inference"),
  row("embeddings", "Embeddings", "inference", "Which texts are alike", "Inference"),
  row("memory", "Memory", "memory_banks", "Banks of documents, and what is found in them", "Data"),
  row("datasets", "Datasets", "datasets", "Rows to train on", "Data"),
  row("agents", "Agents", "agentic_system", "Turns of an agent, step by step", "Agents"),
  row("training", "Training", "post_training", "Jobs that change a model", "Training"),
  row("synthetic", "Synthetic data", "synthetic_data_generation", "Answers to prompts, filtered", "Training"),
  row("rewards", "Rewards", "reward_scoring", "Answers, ranked by a reward model", "Training"),
  row("stack", "Stack", null, "What this server runs", "Server"),
  row("routes", "Any route", null, "A form for each route", "Server"),
];

function row(id, title, api, purpose, group) {
  return { id, title, api, purpose, group, load: () => import(`./tabs/${id}.js`) };
}

// The lines of a distribution that bring an API.
export const lines = {
  inference: `providers:
  inference:
    - {provider_id: cpu, provider_type: inline::cpu}
models:
  - {model_id: mine, provider_id: cpu, path: models/mine.gguf}`,
  memory_banks: `providers:
  memory_banks:
    - {provider_id: files, provider_type: inline::file}`,
  datasets: `providers:
  datasets:
    - {provider_id: files, provider_type: inline::file}`,
  agentic_system: `providers:
  agentic_system:
    - {provider_id: agents, provider_type: inline::reference}`,
  post_training: `providers:
  post_training:
    - {provider_id: cpu, provider_type: inline::cpu}`,
  synthetic_data_generation: `providers:
  synthetic_data_generation:
    - {provider_id: reference, provider_type: inline::reference}`,
  reward_scoring: `providers:
  reward_scoring:
    - {provider_id: model, provider_type: inline::model}`,
};
