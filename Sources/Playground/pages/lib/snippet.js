// The request of a view as curl, Python and Swift.
import { announce, h, show } from "./dom.js";

const kinds = { curl, Python: python, Swift: swift };

/// A closed box with the three, made when it is opened.
/// - request: () => ({ method?, path, body?, isStream? }), as it would be sent now
export function snippet(request) {
  const code = h("code", {});
  const choice = h("div", { class: "segments", role: "group", "aria-label": "Language" });
  let kind = "curl";
  const draw = () => {
    const { method, path, body, isStream } = request();
    const url = new URL(path.replace(/^\//, ""), document.baseURI).href;
    code.textContent = kinds[kind](method ?? (body === undefined ? "GET" : "POST"), url, body, isStream);
    for (const button of choice.children) button.setAttribute("aria-pressed", button.textContent === kind);
  };
  show(choice, Object.keys(kinds).map((name) => h("button", {
    type: "button", onclick: () => {
      kind = name;
      draw();
    },
  }, name)));
  const copy = h("button", {
    type: "button", onclick: async () => {
      await navigator.clipboard.writeText(code.textContent);
      announce("Copied.");
    },
  }, "Copy");
  return h("details", { class: "snippet", ontoggle: draw }, h("summary", {}, "As code"),
    h("div", { class: "row" }, choice, copy), h("pre", { tabindex: "0" }, code));
}

function text(body) {
  return typeof body === "string" ? body : JSON.stringify(body, null, 2);
}

function curl(method, url, body, isStream) {
  const words = ["curl", isStream ? "-sN" : "-s"];
  if (method !== "GET" && !(method === "POST" && body !== undefined)) words.push("-X", method);
  words.push(quoted(url));
  if (body !== undefined) words.push("-H", quoted("Content-Type: application/json"), "\\\n  -d", quoted(text(body)));
  return words.join(" ");
}

function quoted(word) {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

function python(method, url, body, isStream) {
  const open = `urllib.request.Request(\n    ${JSON.stringify(url)}, method=${JSON.stringify(method)}` +
    (body === undefined ? ")"
      : `,\n    headers={"Content-Type": "application/json"},\n    data=json.dumps(body).encode())`);
  const read = isStream
    ? `    for line in answer:\n        print(line.decode(), end="")`
    : `    print(answer.read().decode())`;
  const given = body === undefined ? "" : `body = json.loads(r"""${text(body).replaceAll('"""', '\\u0022""')}""")\n`;
  return `import json
import urllib.request

${given}request = ${open}
with urllib.request.urlopen(request) as answer:
${read}`;
}

function swift(method, url, body) {
  const given = body === undefined ? "" : `request.setValue("application/json", forHTTPHeaderField: "Content-Type")
request.httpBody = Data(##"""
${text(body)}
"""##.utf8)
`;
  return `import Foundation
#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

var request = URLRequest(url: URL(string: ${JSON.stringify(url)})!)
request.httpMethod = ${JSON.stringify(method)}
${given}let (data, _) = try await URLSession.shared.data(for: request)
print(String(decoding: data, as: UTF8.self))`;
}
