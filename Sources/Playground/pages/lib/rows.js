// Rows of a dataset as the page reads them: JSON Lines, a JSON array or CSV.

/// The media type of a text whose name says none.
export function formOf(text) {
  const first = text.trimStart()[0];
  return first === "[" ? "application/json" : first === "{" ? "application/jsonl" : "text/csv";
}

/// { rows, lines }: the rows, and the line on which each begins, from 1. A row that can't be read is an Error in its
/// place.
export function readRows(text, type) {
  if (/csv/.test(type)) return csv(text);
  if (text.trimStart().startsWith("[")) return { rows: JSON.parse(text), lines: [] };
  const [rows, lines] = [[], []];
  text.split("\n").forEach((line, index) => {
    if (!line.trim()) return;
    lines.push(index + 1);
    try {
      rows.push(JSON.parse(line));
    } catch (error) {
      rows.push(error);
    }
  });
  return { rows, lines };
}

function csv(text) {
  const [records, lines] = [[], []];
  let record = [];
  let [line, begin] = [1, 1];
  for (const [whole, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    if (whole === "" && !record.length) break;
    record.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    line += whole.split("\n").length - 1;
    if (end === ",") continue;
    records.push(record);
    lines.push(begin);
    [record, begin] = [[], line];
  }
  const [head = [], ...rest] = records;
  const rows = rest.map((row) => Object.fromEntries(head.map((name, at) => [name, row[at]])));
  return { rows, lines: lines.slice(1) };
}

/// The columns that the rows have, as `create` takes them.
export function columnsOf(rows, type) {
  const isText = /csv/.test(type);
  const names = new Set(rows.flatMap((row) => (row instanceof Error ? [] : Object.keys(row ?? {}))));
  return Object.fromEntries([...names].map((name) => {
    const values = rows.map((row) => row?.[name]);
    const there = values.filter((value) => value !== undefined && value !== null && !(isText && value === ""));
    const kind = isText && there.length && there.every((value) => Number.isFinite(Number(value))) ? "number"
      : kindOf(there);
    const isWhole = there.length === values.length || (isText && kind === "text");
    return [name, isWhole ? kind : { type: kind, nullable: true }];
  }));
}

function kindOf(values) {
  const all = (test) => values.length > 0 && values.every(test);
  if (all((value) => typeof value === "string")) return "text";
  if (all((value) => typeof value === "number")) return "number";
  return all((value) => messagesOf(value)) ? "dialog" : "json";
}

/// The messages of a dialog in either of its forms; null for what is none.
export function messagesOf(value) {
  const list = value?.message ? [...(value.message_history ?? []), value.message] : value;
  return Array.isArray(list) && list.length && list.every((message) => typeof message?.role === "string") ? list : null;
}

/// What a column's values are like: lists of a name and a figure.
export function statistics(rows, name, kind) {
  const values = rows.map((row) => row?.[name]).filter((value) => (value ?? "") !== "");
  const distinct = new Set(values.map((value) => (typeof value === "object" ? JSON.stringify(value) : value))).size;
  const figures = [["values", values.length], ["missing", rows.length - values.length], ["distinct", distinct]];
  const spread = (title, numbers) => {
    const sorted = numbers.toSorted((a, b) => a - b);
    const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
    if (sorted.length) figures.push([title,
      `${sorted[0]} to ${sorted.at(-1)}, median ${sorted[sorted.length >> 1]}, mean ${Number(mean.toPrecision(4))}`]);
  };
  if (kind === "number") spread("range", values.map(Number));
  else if (kind === "dialog") {
    const dialogs = values.map((value) => messagesOf(value) ?? []);
    spread("messages", dialogs.map((messages) => messages.length));
    figures.push(["roles", [...new Set(dialogs.flat().map((message) => message.role))].join(", ")]);
  } else spread("characters",
    values.map((value) => (typeof value === "string" ? value : JSON.stringify(value)).length));
  return figures;
}
