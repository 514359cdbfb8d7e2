// The frame of the page: navigation, the view of the tab that the URL names, and what is said when its API is not
// served.
import { announce, failure, h, show } from "./lib/dom.js";
import { get } from "./lib/http.js";
import { State, place } from "./lib/state.js";
import { lines, tabs } from "./tabs.js";

const main = document.getElementById("main");
let stack = { name: "", apis: [], providers: [], resources: [], failed: [] };
// What each model of inference can do, by its id.
let cards = new Map();
let view = { tab: null, leave: () => {} };

navigate();
// Both at once: the first view needs its module and what is served.
tabs.find((tab) => tab.id === (place().tab || "chat"))?.load().catch(() => {});
await load();
addEventListener("hashchange", async () => {
  // What is served may have changed: a training job serves what it has made.
  await load();
  await open();
});
document.getElementById("skip").addEventListener("click", (event) => {
  // The URL's fragment is the view's.
  event.preventDefault();
  main.focus();
});
await open();
document.documentElement.dataset.ready = "yes";
performance.mark("ready");

async function load() {
  try {
    const listed = get("v1/models").catch(() => ({ data: [] }));
    stack = await get("ui/stack.json");
    cards = new Map((await listed).data.map((card) => [card.id, card]));
    document.getElementById("name").textContent = stack.name;
    navigate();
  } catch (error) {
    show(main, failure(error));
  }
}

function navigate() {
  const groups = Map.groupBy(tabs, (tab) => tab.group);
  show(document.getElementById("tabs"), [...groups].map(([group, members]) => h("div", { class: "group" },
    h("h2", { id: `group-${group}` }, group),
    h("ul", { "aria-labelledby": `group-${group}` }, members.map((tab) => h("li", {},
      h("a", { href: `#/${tab.id}`, id: `tab-${tab.id}`, class: isServed(tab) ? null : "off", title: tab.purpose },
        tab.title,
        isServed(tab) ? null : h("span", { class: "unseen" }, " (not served)"))))))));
}

function isServed(tab) {
  return tab.api === null || !stack.apis.length || stack.apis.includes(tab.api);
}

async function open() {
  const { tab: id, values } = place();
  const tab = tabs.find((tab) => tab.id === (id || "chat"));
  view.leave();
  const end = new AbortController();
  const root = h("div", { class: "view", id: `view-${id || "chat"}` });
  view = { tab, leave: () => end.abort() };
  for (const link of document.querySelectorAll("#tabs a")) {
    if (link.id === `tab-${tab?.id}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (!tab) {
    show(main, h("h1", {}, "No such tab"), h("p", {}, "Choose one of the navigation."));
    return;
  }
  document.title = `${tab.title} · ${stack.name || "llama-stack"}`;
  const isFirst = !document.documentElement.dataset.ready;
  show(main, h("div", { class: "heading" }, h("h1", {}, tab.title), h("p", { class: "hint" }, tab.purpose)), root);
  if (!isServed(tab)) {
    missing(root, tab);
  } else {
    try {
      const module = await tab.load();
      if (end.signal.aborted) return;
      await module.build(root, {
        state: new State(tab.id, values), stack, signal: end.signal, announce, models, windowTokens,
      });
    } catch (error) {
      if (error.name !== "AbortError") root.append(failure(error));
    }
  }
  if (!isFirst) main.focus({ preventScroll: true });
}

/// The ids of an API's models; those of inference that can do something, such as "embeddings".
function models(api, capability = "completions") {
  return stack.resources.filter(({ id, kind, api: its }) => kind === "model" && its === api
    && (cards.get(id)?.capabilities ?? [capability]).includes(capability)).map((model) => model.id);
}

/// The tokens that a prompt and its answer may have together; undefined where the provider does not say.
function windowTokens(model) {
  return cards.get(model)?.context_length;
}

function missing(root, tab) {
  root.append(h("section", { class: "card notice" },
    h("h2", {}, `${stack.name || "This distribution"} does not serve ${tab.api}`),
    h("p", {}, "Lines like these in the distribution bring it; then run ", h("code", {}, "llama-stack reload"),
      " or start the server again."),
    h("pre", { tabindex: "0" }, h("code", {}, lines[tab.api])),
    h("p", {}, "What it runs now is in ", h("a", { href: "#/stack" }, "Stack"), ".")));
}
