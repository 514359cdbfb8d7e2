// Markdown of a model to nodes: headings, paragraphs, code, lists, quotes, tables, emphasis, links. No markup of the
// text itself is ever taken as such, and no picture is loaded.
//
// A stream is drawn once a frame. What can't change any more is kept: only the last block is drawn again, and a block
// that grows long (code, lists, tables, a paragraph without an end) is kept in parts.
import { h } from "./dom.js";
import { inert } from "./text.js";

const longMax = 2000;
const codeLinesMax = 40;
const partMax = 1024;

/// The nodes of a text. Most of a long one comes after a moment.
export function markdown(text) {
  const writer = new Markdown();
  writer.append(text);
  cancelAnimationFrame(writer.frame);
  writer.step();
  return writer.node;
}

export class Markdown {
  constructor() {
    this.node = h("div", { class: "prose", dir: "auto" });
    this.waiting = [];
    this.tail = "";
    // The block at the end that has kept parts: { kind, node, … }
    this.open = null;
    this.live = [];
    this.frame = 0;
  }

  append(text) {
    this.waiting.push(text);
    this.frame ||= requestAnimationFrame(() => this.step());
  }

  /// Draws what waits, as much as a frame has time for.
  step() {
    const end = performance.now() + 3;
    do this.draw(this.take()); while (this.waiting.length && performance.now() < end);
    this.frame = this.waiting.length ? requestAnimationFrame(() => this.step()) : 0;
    if (!this.frame) this.drained?.();
  }

  /// Resolves when all is drawn.
  async end() {
    if (this.frame) await new Promise((resolve) => { this.drained = resolve; });
  }

  take() {
    const all = this.waiting.join("");
    const end = all.length > partMax ? whole(all, partMax) : all.length;
    this.waiting = end < all.length ? [all.slice(end)] : [];
    return all.slice(0, end);
  }

  draw(text) {
    this.tail += text;
    for (const node of this.live) node.remove();
    this.live = [];
    const last = this.tail.lastIndexOf("\n") + 1;
    const blocks = parse(this.tail.slice(0, last).split("\n").slice(0, -1), this.open);
    let rest = this.tail;
    if (blocks.length) {
      const end = blocks.pop();
      for (const block of blocks) this.keep(block);
      // The empty lines after it end it, once more follows.
      const empty = end.kind === "code" ? "" : /\n\s*$/.exec(this.tail.slice(0, last))[0].slice(1);
      rest = this.keepParts(end) + empty + this.tail.slice(last);
    }
    this.tail = this.cut(rest);
    for (const block of parse(this.tail.replace(/\n$/, "").split("\n"), this.open)) {
      const isMore = this.open && block.kind === this.open.kind && block.isMore;
      const nodes = isMore ? this.open.add(block) : [made(block).node];
      if (!isMore) this.node.append(...nodes);
      this.live.push(...nodes);
    }
  }

  keep(block) {
    if (block.isMore) this.open.add(block);
    else this.node.append(made(block).node);
    this.open = null;
  }

  /// Keeps what is whole of the last block, and returns the rest of its text.
  keepParts(block) {
    const count = block.parts?.length ?? 0;
    const kept = block.kind === "code" ? count - (count % codeLinesMax) : count - 1;
    if (kept < 1) {
      if (!block.isMore) this.open = null;
      return block.lines.map((line) => line + "\n").join("");
    }
    const part = { ...block, parts: block.parts.slice(0, kept) };
    if (block.isMore) this.open.add(part);
    else {
      this.open = made(part);
      this.node.append(this.open.node);
    }
    return block.parts.slice(kept).flat().map((line) => line + "\n").join("");
  }

  /// What has no end is cut: a paragraph goes on in one that looks like the same, a line of code in the next line.
  cut(rest) {
    while (rest.length > longMax) {
      const blocks = parse(rest.split("\n"), this.open);
      const last = blocks.at(-1);
      const line = rest.lastIndexOf("\n") + 1;
      if (last?.kind === "code") {
        if (rest.length - line <= longMax) return rest;
        const end = whole(rest, line + longMax);
        rest = `${rest.slice(0, end)}\n${rest.slice(end)}`;
      } else if (last?.kind === "text" && blocks.length === 1) {
        const start = rest.slice(0, longMax);
        const end = whole(rest, Math.max(start.lastIndexOf(" "), start.lastIndexOf("\n")) + 1 || longMax);
        this.keep({ kind: "text", lines: rest.slice(0, end).split("\n"), isCut: true });
        rest = rest.slice(end);
      } else if (rest.length > 4 * longMax) {
        for (const block of blocks) this.keep(block);
        rest = "";
      } else return rest;
    }
    return rest;
  }
}

/// The end of a part that cuts no character.
function whole(text, end) {
  return /[\ud800-\udbff]/.test(text[end - 1] ?? "") ? end - 1 : end;
}

// MARK: blocks

const fence = /^ {0,3}(```+|~~~+)\s*([^`]*)$/;
const item = /^( *)([-*+]|\d{1,9}[.)]) +(.*)$/;
const heading = /^ {0,3}(#{1,6}) +(.*?)(?: +#+)? *$/;
const rule = /^ {0,3}([-*_])( *\1){2,} *$/;
const delimiters = /^ *\|? *:?-+:? *(\| *:?-+:? *)*\|? *$/;

/// The blocks of lines; the first may go on from one that is open.
function parse(lines, open) {
  const blocks = [];
  let at = 0;
  if (open?.kind === "code") at = code(lines, 0, open.mark, { isMore: true }, blocks);
  else if (open?.kind === "list" && item.test(lines[0] ?? "")) at = list(lines, 0, blocks, open);
  else if (open?.kind === "table" && lines[0]?.includes("|")) at = rows(lines, 0, blocks, { isMore: true });
  while (at < lines.length) {
    const line = lines[at];
    const opening = fence.exec(line);
    const title = heading.exec(line);
    if (!line.trim()) at += 1;
    else if (opening) at = code(lines, at + 1, opening[1], { language: opening[2].trim(), first: line }, blocks);
    else if (title) blocks.push({ kind: "heading", level: title[1].length, text: title[2], lines: [lines[at++]] });
    else if (rule.test(line)) blocks.push({ kind: "rule", lines: [lines[at++]] });
    else if (/^ {0,3}>/.test(line)) at = run(lines, at, blocks, "quote", (line) => /^ {0,3}>/.test(line));
    else if (item.test(line)) at = list(lines, at, blocks);
    else if (line.includes("|") && delimiters.test(lines[at + 1] ?? "") && lines[at + 1].includes("-")) {
      at = rows(lines, at + 2, blocks, { head: [line, lines[at + 1]] });
    } else {
      at = run(lines, at, blocks, "text", (line, next) => line.trim() && !fence.test(line) && !heading.test(line)
        && !rule.test(line)
        && !/^ {0,3}>/.test(line) && !item.test(line) && !(line.includes("|") && delimiters.test(next ?? "")));
    }
  }
  return blocks;
}

function run(lines, at, blocks, kind, goesOn) {
  const start = at++;
  while (at < lines.length && goesOn(lines[at], lines[at + 1])) at += 1;
  blocks.push({ kind, lines: lines.slice(start, at) });
  return at;
}

function code(lines, at, mark, more, blocks) {
  const start = at;
  while (at < lines.length && !(lines[at].trim().startsWith(mark)
    && !lines[at].trim().replaceAll(mark[0], ""))) at += 1;
  const content = lines.slice(start, at);
  const isClosed = at < lines.length;
  if (isClosed) at += 1;
  blocks.push({
    kind: "code", mark, ...more, isClosed, parts: content.map((line) => [line]),
    lines: [...(more.first === undefined ? [] : [more.first]), ...lines.slice(start, at)],
  });
  // What follows a block that is closed does not belong to it.
  if (isClosed && !lines.slice(at).length) blocks.push({ kind: "nothing", lines: [] });
  return at;
}

function list(lines, at, blocks, open) {
  const first = item.exec(lines[at]);
  const isOrdered = /\d/.test(first[2]);
  const parts = [];
  for (; at < lines.length; at += 1) {
    const line = lines[at];
    const found = item.exec(line);
    if (found && found[1].length < 2 + first[1].length && /\d/.test(found[2]) === isOrdered) parts.push([line]);
    else if (!line.trim() ? isInList(lines, at + 1) : /^ {2,}/.test(line) || (lines[at - 1].trim() && !breaks(line))) {
      parts.at(-1).push(line);
    } else break;
  }
  blocks.push({
    kind: "list", isOrdered, start: Number.parseInt(first[2], 10) || 1, parts, lines: parts.flat(),
    isMore: open !== undefined && open.isOrdered === isOrdered,
  });
  return at;
}

function isInList(lines, at) {
  const next = lines[at];
  return next !== undefined && (/^ {2,}\S/.test(next) || item.test(next));
}

function breaks(line) {
  return fence.test(line) || heading.test(line) || rule.test(line) || /^ {0,3}>/.test(line) || item.test(line);
}

function rows(lines, at, blocks, more) {
  const start = at;
  while (at < lines.length && lines[at].includes("|")) at += 1;
  const parts = lines.slice(start, at).map((line) => [line]);
  blocks.push({ kind: "table", ...more, parts, lines: [...(more.head ?? []), ...parts.flat()] });
  return at;
}

/// The node of a block, and how more parts of it are added.
function made(block) {
  switch (block.kind) {
    case "heading": return { node: h(`h${Math.min(6, block.level + 2)}`, {}, inline(block.text)) };
    case "rule": return { node: h("hr", {}) };
    case "quote": {
      const lines = block.lines.map((line) => line.replace(/^ {0,3}> ?/, ""));
      return { node: h("blockquote", {}, parse(lines).map((block) => made(block).node)) };
    }
    case "code": {
      const body = h("code", {});
      const node = h("pre", { tabindex: "0", "data-language": block.language || null }, body);
      const add = (block) => {
        const part = h("span", { class: "lines" }, inert(block.parts.map((part) => part[0]).join("\n")));
        body.append(part);
        return [part];
      };
      if (block.parts.length) add(block);
      return { kind: "code", mark: block.mark, node, add };
    }
    case "list": {
      const node = h(block.isOrdered ? "ol" : "ul", {
        start: block.isOrdered && block.start !== 1 ? block.start : null,
      });
      const add = (block) => {
        const items = block.parts.map(listItem);
        node.append(...items);
        return items;
      };
      add(block);
      return { kind: "list", isOrdered: block.isOrdered, node, add };
    }
    case "table": {
      const body = h("tbody", {});
      const head = cells(block.head[0]);
      const node = h("div", { class: "scroll", tabindex: "0" }, h("table", {},
        h("thead", {}, h("tr", {}, head.map((cell) => h("th", { scope: "col" }, inline(cell))))), body));
      const add = (block) => {
        const added = block.parts.map(([line]) => h("tr", {},
          cells(line).slice(0, head.length).map((cell) => h("td", {}, inline(cell)))));
        body.append(...added);
        return added;
      };
      add(block);
      return { kind: "table", node, add };
    }
    case "nothing": return { node: document.createTextNode("") };
    default: return { node: h("p", { class: block.isCut ? "cut" : null }, inline(block.lines.join("\n"))) };
  }
}

function listItem(lines) {
  const first = item.exec(lines[0]);
  const rest = lines.slice(1).map((line) => line.replace(/^ {1,4}/, ""));
  const task = /^\[([ xX])\] (.*)$/.exec(first[3]);
  const blocks = parse([task ? task[2] : first[3], ...rest]);
  const isPlain = blocks[0]?.kind === "text";
  return h("li", {}, task && (task[1] === " " ? "\u2610 " : "\u2611 "),
    isPlain ? inline(blocks[0].lines.join("\n")) : null,
      blocks.slice(isPlain ? 1 : 0).map((block) => made(block).node));
}

function cells(line) {
  return line.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}

// MARK: text

const marks = new RegExp([
  /(`+)/, /(\*\*|__|~~|\*|_)/, /!?\[([^\]\n]{1,500})\]\(\s*([^\s()]{1,2000})[^()\n]{0,200}\)/,
  /(https?:\/\/[^\s<>"'`]{1,2000})/, /\\([\\`*_{}[\]()#+.!|~>-])/, /( {2,}\n|\n)/,
].map((part) => part.source).join("|"), "g");

/// Emphasis, code and links as nodes.
function inline(text, depth = 0) {
  const nodes = [];
  let from = 0;
  const plain = (to) => to > from && nodes.push(inert(text.slice(from, to)));
  marks.lastIndex = 0;
  const found = [...text.matchAll(marks)];
  for (const match of found) {
    if (match.index < from) continue;
    const [whole, ticks, stress, label, target, url, escaped, newline] = match;
    const end = match.index + whole.length;
    if (ticks) {
      const close = closing(text, end, ticks);
      if (close < 0) continue;
      plain(match.index);
      nodes.push(h("code", {}, inert(text.slice(end, close).replace(/^ (.*) $/s, "$1"))));
      from = close + ticks.length;
    } else if (stress) {
      const close = depth < 6 ? stressEnd(text, match.index, stress) : -1;
      if (close < 0) continue;
      plain(match.index);
      const name = stress === "~~" ? "s" : stress.length === 2 ? "strong" : "em";
      nodes.push(h(name, {}, inline(text.slice(end, close), depth + 1)));
      from = close + stress.length;
    } else {
      plain(match.index);
      if (escaped) nodes.push(escaped);
      else if (newline) nodes.push(newline.length > 1 ? h("br", {}) : "\n");
      else if (url) nodes.push(link(url, url));
      else nodes.push(link(label, target));
      from = end;
    }
  }
  plain(text.length);
  return nodes;
}

function closing(text, from, ticks) {
  for (let at = text.indexOf(ticks, from); at >= 0; at = text.indexOf(ticks, at + 1)) {
    if (text[at + ticks.length] !== "`" && text[at - 1] !== "`") return at;
  }
  return -1;
}

/// Where an emphasis ends that begins here; -1: it does not begin.
function stressEnd(text, at, stress) {
  const start = at + stress.length;
  if (/\s/.test(text[start] ?? " ")) return -1;
  const isWord = (character) => /[\p{L}\p{N}]/u.test(character ?? "");
  if (stress[0] === "_" && isWord(text[at - 1])) return -1;
  for (let end = text.indexOf(stress, start + 1); end >= 0; end = text.indexOf(stress, end + 1)) {
    if (/\s/.test(text[end - 1]) || (stress.length === 1
      && (text[end + 1] === stress || text[end - 1] === stress))) continue;
    if (stress[0] === "_" && isWord(text[end + stress.length])) continue;
    return end;
  }
  return -1;
}

/// Only to the web and to mail; the target is shown where the text is another.
function link(label, target) {
  if (!/^(https?:\/\/|mailto:)/i.test(target)) return inert(`${label} (${target})`);
  return h("a", { href: target, rel: "noopener noreferrer nofollow", target: "_blank", title: inert(target) },
    inert(label));
}
