// Files of the reader's machine, and the bytes of what the server sends.
import { h } from "./dom.js";
import { field } from "./form.js";

const types = {
  csv: "text/csv", eml: "message/rfc822", htm: "text/html", html: "text/html", json: "application/json",
  jsonl: "application/jsonl", md: "text/markdown", ndjson: "application/jsonl", pdf: "application/pdf",
  sql: "application/sql", svg: "image/svg+xml", toml: "application/toml", xml: "application/xml",
  yaml: "application/yaml", yml: "application/yaml",
};

/// The media type that a file's name says, else the browser's.
export function mediaType(file) {
  return types[file.name.split(".").pop().toLowerCase()] ?? (file.type || "text/plain");
}

/// A place to drop files on, with the button that picks them.
/// - take: (files) => …, a list
export function dropZone(label, take, attributes, hint) {
  const input = h("input", { type: "file", ...attributes });
  const give = (files) => {
    if (files.length) take(input.multiple ? [...files] : [files[0]]);
  };
  input.addEventListener("change", () => {
    give([...input.files]);
    // The same file again is a change too.
    input.value = "";
  });
  const zone = h("div", { class: "drop" }, field(label, input, hint ?? "Or drop them here."));
  const over = (event) => {
    event.preventDefault();
    zone.classList.toggle("over", event.type === "dragover");
    if (event.type === "drop") give(event.dataTransfer.files);
  };
  for (const kind of ["dragover", "dragleave", "drop"]) zone.addEventListener(kind, over);
  return zone;
}

/// "data:TYPE;base64,…" of a blob or a text.
export function dataURL(content, type) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(`data:${type};base64,${reader.result.split(",", 2)[1] ?? ""}`);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(new Blob([content]));
  });
}

export async function base64(blob) {
  return (await dataURL(blob, "")).split(",", 2)[1];
}

/// The bytes of a base64 text.
export function bytes(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/// { type, text } of a `data:` URL; null for any other.
export function readDataURL(url) {
  const found = /^data:([^,]*?)(;base64)?,/i.exec(url);
  if (!found) return null;
  const rest = url.slice(found[0].length);
  const text = found[2] ? new TextDecoder().decode(bytes(decodeURIComponent(rest))) : decodeURIComponent(rest);
  return { type: found[1] || "text/plain", text };
}
