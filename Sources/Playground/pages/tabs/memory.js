// Banks of documents: what is in them, how far it can be found, and what a query finds in each mode.
import { failure, h, save, show } from "../lib/dom.js";
import { area, button, field, given, number, select, value } from "../lib/form.js";
import { ask, get, lines } from "../lib/http.js";
import { base64, bytes, dropZone, mediaType } from "../lib/files.js";
import { marked, terms } from "../lib/marks.js";
import { newID, parsed, pause, sureButton, table } from "../lib/parts.js";
import { snippet } from "../lib/snippet.js";
import { inert, milliseconds, plural } from "../lib/text.js";

const modes = { keyword: "By words", vector: "By meaning", hybrid: "By both" };
// Of a long document the part around a chunk is shown.
const around = 20000;

export async function build(root, context) {
  const { state, announce, signal } = context;
  const added = new Map();
  let watching = null;

  const bank = select([]);
  const id = h("input", { value: newID("bank") });
  const name = h("input", { value: "Notes" });
  const metadata = area({ rows: 2, class: "code", placeholder: '{"year": 2024}' });
  const query = state.bind(h("input", { type: "search" }), "query");
  const top = state.bind(number({ min: 1, max: 1000, step: 1 }), "top_k", "5");
  const filter = state.bind(area({ rows: 2, class: "code", placeholder: '{"year": {"gte": 2023}}' }), "filter");
  const progress = h("progress", { max: 1, value: 0, "aria-label": "Searchable documents" });
  const standing = h("p", { class: "hint" });
  const documents = h("div", {});
  const found = h("div", {});
  const source = h("div", {});
  const problem = h("div", {});

  const creation = h("details", {}, h("summary", {}, "New bank"),
    h("div", { class: "fields" }, field("Id", id), field("Name", name), button("Create", guarded(create))));
  root.append(h("div", { class: "columns" },
    h("section", { class: "fields", "aria-label": "Search" },
      h("form", {
        class: "card", onsubmit: (event) => {
          event.preventDefault();
          search();
        },
      }, field("Query", query, "Each mode answers beside the others."),
        h("div", { class: "row" }, h("button", { class: "main" }, "Search"))),
      problem, found, source),
    h("div", { class: "fields" },
      h("section", { class: "card", "aria-label": "Bank" }, field("Bank", bank), creation,
        h("div", { class: "row" }, progress, sureButton("Drop", () => `Drop ${bank.value} and its documents?`,
          guarded(drop))), standing),
      h("section", { class: "card", "aria-label": "Documents" }, h("h2", {}, "Documents"),
        dropZone("Add documents", guarded(add), { multiple: true }),
          field("Metadata", metadata, "JSON, of each that is added."), documents),
      h("section", { class: "card", "aria-label": "Settings" }, field("Chunks at most", top),
        field("Filter", filter, "JSON, by metadata."),
        snippet(() => ({ path: "memory_bank/query", body: request("hybrid") }))))));
  bank.addEventListener("change", () => choose(bank.value));
  await list(state.get("bank"));
  if (query.value && bank.value) search();

  function guarded(act) {
    return async (...given) => {
      problem.replaceChildren();
      try {
        await act(...given);
      } catch (error) {
        if (!signal.aborted) show(problem, failure(error));
      }
    };
  }

  async function list(chosen) {
    const all = [];
    for await (const { uuid, name } of lines("memory_banks/get", { signal })) {
      all.push([uuid, inert(name === uuid ? name : `${name} (${uuid})`)]);
    }
    show(bank, [...select(all).children]);
    if (!all.length) creation.open = true;
    bank.value = (all.find(([uuid]) => uuid === chosen) ?? all[0])?.[0] ?? "";
    choose(bank.value);
  }

  function choose(uuid) {
    state.set("bank", uuid);
    added.clear();
    for (const node of [documents, found, source]) node.replaceChildren();
    standing.textContent = uuid ? "" : "There is no bank yet.";
    if (uuid) watch();
  }

  async function create() {
    await ask("memory_banks/create", { query: { bank_uuid: id.value, bank_name: name.value }, body: [], signal });
    announce(`The bank ${id.value} is made.`);
    await list(id.value);
    [id.value, creation.open] = [newID("bank"), false];
  }

  async function drop() {
    await ask("memory_banks/drop", { method: "DELETE", query: { bank_uuid: bank.value }, signal });
    announce(`The bank ${bank.value} is dropped.`);
    await list();
  }

  async function add(files) {
    if (!bank.value) throw new Error("There is no bank for the documents: create one first.");
    const more = parsed(metadata, "Metadata", {});
    for (const file of files) {
      const body = [{ uuid: file.name, content: await base64(file), metadata: more, mime_type: mediaType(file) }];
      const target = { query: { bank_uuid: bank.value }, body, signal };
      try {
        await ask("memory_bank/insert", target);
      } catch (error) {
        if (error.status !== 409) throw error;
        await ask("memory_bank/update", target);
      }
      added.set(file.name, { uuid: file.name, state: "pending", chunks: 0 });
    }
    announce(`${plural(files.length, "document")} added.`);
    await watch();
  }

  /// Asks how far the bank is until everything in it can be found.
  async function watch() {
    watching?.abort();
    const mine = watching = new AbortController();
    const both = AbortSignal.any([signal, mine.signal]);
    const uuid = bank.value;
    try {
      for (let wait = 200; ; wait = Math.min(wait * 1.5, 3000)) {
        const names = added.size ? JSON.stringify([...added.keys()]) : undefined;
        const status = await get("memory_bank/status", { query: { bank_uuid: uuid, documents: names }, signal: both });
        for (const row of status.document_status ?? []) added.set(row.uuid, row);
        if (draw(status)) break;
        await pause(wait, both);
      }
    } catch (error) {
      if (!both.aborted) show(standing, failure(error));
    }
  }

  /// Whether nothing waits any more.
  function draw(status) {
    const { pending, embedding_pending: unembedded = 0 } = status;
    [progress.max, progress.value] = [Math.max(1, status.documents), status.documents - pending - unembedded];
    standing.textContent = [
      `${status.indexed} of ${plural(status.documents, "document")} can be found, in`,
      `${plural(status.chunks, "chunk")}.`,
      pending && `${pending} wait to be read.`, unembedded && `${unembedded} wait for their vectors.`,
      status.not_indexed && `${status.not_indexed} can't be read.`,
    ].filter(Boolean).join(" ");
    if (added.size) show(documents, table("Documents added", ["Document", "State", ""],
      [...added.values()].map((row) => [
      button(inert(row.uuid), guarded(() => open(row.uuid)), { class: "link" }),
      [row.state.replace("_", " "), row.chunks > 0 && `, ${plural(row.chunks, "chunk")}`,
        row.encoding && `, ${row.encoding}`,
        row.encoding_is_guess && " (a guess)", row.reason && h("small", {}, `: ${inert(row.reason)}`)],
      button("Delete", guarded(() => remove(row.uuid)), { class: "plain", "aria-label": `Delete ${row.uuid}` }),
    ])));
    const isDone = !pending && !unembedded;
    if (isDone && added.size) announce(standing.textContent);
    return isDone;
  }

  async function remove(uuid) {
    await ask("memory_bank/delete", { query: { bank_uuid: bank.value }, body: [uuid], signal });
    added.delete(uuid);
    documents.replaceChildren();
    source.replaceChildren();
    announce(`${uuid} is deleted.`);
    await watch();
  }

  function request(mode) {
    return given({
      bank_uuids: [bank.value], query: query.value, mode, top_k: value(top),
      filter: parsed(filter, "The filter", undefined),
    });
  }

  async function search() {
    problem.replaceChildren();
    source.replaceChildren();
    const wanted = terms(query.value);
    const columns = Object.entries(modes).map(([mode, title]) =>
      ({ mode, title, node: h("section", { "aria-label": title, class: "fields" }) }));
    show(found, h("div", { class: "three" }, columns.map((column) => column.node)));
    const said = await Promise.all(columns.map(async ({ mode, title, node }) => {
      const begin = performance.now();
      const head = h("div", { class: "row spread" }, h("h2", {}, title));
      show(node, head);
      try {
        const { chunks } = await get("memory_bank/query", { body: request(mode), signal });
        head.append(h("small", {}, `${plural(chunks.length, "chunk")}, ${milliseconds(performance.now() - begin)}`));
        node.append(chunks.length ? h("ol", { class: "found" }, chunks.map((chunk) => piece(chunk, wanted)))
          : h("p", { class: "hint" }, "Nothing."));
        return `${chunks.length} ${title.toLowerCase()}`;
      } catch (error) {
        if (!signal.aborted) node.append(failure(error));
        return `none ${title.toLowerCase()}`;
      }
    }));
    announce(`Found: ${said.join(", ")}.`);
  }

  function piece(chunk, wanted) {
    const { keyword_score: byWords, vector_score: byMeaning } = chunk;
    return h("li", { class: "card" },
      h("div", { class: "row spread" },
        button(inert(chunk.document_uuid), guarded(() => open(chunk.document_uuid, chunk)), { class: "link" }),
        h("strong", { title: "Score" }, chunk.score.toFixed(3))),
      h("div", { class: "raw", dir: "auto" }, marked(chunk.text, wanted), chunk.truncated && " …"),
      h("div", { class: "figures" }, h("span", {}, `bytes ${chunk.start} to ${chunk.end}`),
        byWords !== undefined && h("span", {}, `words ${byWords.toFixed(3)}`),
        byMeaning !== undefined && h("span", {}, `meaning ${byMeaning.toFixed(3)}`)));
  }

  /// Shows a document, at a chunk's bytes where one is given.
  async function open(uuid, chunk) {
    const wanted = { query: { bank_uuid: bank.value }, body: [uuid], signal };
    let document = null;
    for await (const row of lines("memory_bank/get", wanted)) document = row;
    if (!document) throw new Error(`${uuid} is no longer in the bank.`);
    const all = bytes(document.content);
    const heading = h("h2", { tabindex: "-1" }, inert(uuid));
    show(source, h("section", { class: "card", "aria-label": "Document" },
      h("div", { class: "row spread" }, heading, h("div", { class: "row" },
        button("Save", () => save(uuid, all, document.mime_type)), button("Close", () => source.replaceChildren()))),
      h("div", { class: "figures" }, h("span", {}, document.mime_type), h("span", {}, plural(all.length, "byte")),
        h("span", { class: "mono" }, inert(JSON.stringify(document.metadata)))),
      text(all, chunk)));
    heading.focus();
    source.querySelector("mark")?.scrollIntoView({ block: "center" });
  }
}

function text(all, chunk) {
  const decode = (from, to) => new TextDecoder().decode(all.subarray(Math.max(0, from), to));
  const page = (...parts) => h("pre", { class: "raw tall", tabindex: "0", dir: "auto" }, parts);
  const isText = !all.subarray(0, 4096).includes(0);
  if (!chunk) return isText ? page(inert(decode(0, 2 * around))) : h("p", { class: "hint" }, "It is no text.");
  const { start, end } = chunk;
  const mark = (text) => h("mark", {}, inert(text));
  if (isText && decode(start, end).trim() === chunk.text.trim()) {
    return page(start > around && "…", inert(decode(start - around, start)), mark(decode(start, end)),
      inert(decode(end, end + around)),
      end + around < all.length && "…");
  }
  const note = h("p", { class: "hint" }, `Bytes ${start} to ${end} of the text that was read from it:`);
  const read = page(mark(chunk.text));
  if (!isText) return [note, read];
  // Where the longest line of the chunk stands as it is, that is the place.
  const whole = decode(0, all.length);
  const line = chunk.text.split("\n").reduce((a, b) => (b.length > a.length ? b : a), "").trim();
  const at = line ? whole.indexOf(line) : -1;
  const parts = at < 0 ? [inert(whole.slice(0, 2 * around))]
    : [inert(whole.slice(Math.max(0, at - around), at)), mark(line),
      inert(whole.slice(at + line.length, at + line.length + around))];
  return [note, read, h("p", { class: "hint" }, "The document as it is:"), page(parts)];
}
