// Requests to this server. Paths are relative ("v1/models"): the page may be below the path of a proxy.
// Options: { method, body, signal, headers, query }. A body that is no text is sent as JSON.

/// Why a request failed, by the server's own words where it has answered.
export class Failure extends Error {
  constructor(message, more) {
    super(message);
    Object.assign(this, more);
  }
}

/// The response; throws a Failure unless it is one of success.
export async function ask(path, options = {}) {
  const { body, query } = options;
  const headers = { ...options.headers };
  if (body !== undefined) headers["Content-Type"] ??= "application/json";
  let response;
  try {
    response = await fetch(path.replace(/^\//, "") + search(query), {
      method: options.method ?? (body === undefined ? "GET" : "POST"), headers, signal: options.signal,
      body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Failure("The server did not answer. Is it still running?", { code: "no_answer" });
  }
  if (!response.ok) throw failed(await json(response), response);
  return response;
}

/// The whole answer; null for an empty one.
export async function get(path, options) {
  return json(await ask(path, options));
}

/// Each line of an answer in JSON Lines, as it comes.
export async function* lines(path, options = {}) {
  const response = await ask(path, { ...options, headers: { Accept: "application/jsonl", ...options.headers } });
  for await (const line of textLines(response)) if (line.trim()) yield JSON.parse(line);
}

/// Each event of a stream, as it comes, decoded; ends with the stream or at `[DONE]`. An event that is an error is
/// thrown.
export async function* events(path, options = {}) {
  const response = await ask(path, { ...options, headers: { Accept: "text/event-stream", ...options.headers } });
  let data = [];
  for await (const line of textLines(response)) {
    if (line.startsWith("data:")) {
      data.push(line.slice(line[5] === " " ? 6 : 5));
    } else if (line === "" && data.length) {
      const text = data.join("\n");
      data = [];
      if (text === "[DONE]") return;
      const event = JSON.parse(text);
      if (event?.error || event?.detail?.code) throw failed(event, response);
      yield event;
    }
  }
}

async function* textLines(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let parts = [];
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      let start = 0;
      // A line may be long, and come in many pieces: each piece is looked at once.
      for (let end; (end = value.indexOf("\n", start)) >= 0; start = end + 1) {
        parts.push(value.slice(start, end));
        const line = parts.join("");
        parts = [];
        yield line.endsWith("\r") ? line.slice(0, -1) : line;
      }
      if (start < value.length) parts.push(value.slice(start));
    }
    if (parts.length) yield parts.join("");
  } finally {
    reader.cancel().catch(() => {});
  }
}

async function json(response) {
  const text = await response.text();
  if (!text) return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function failed(body, response) {
  const detail = body?.error ?? body?.detail;
  const message = typeof detail === "string" ? detail : detail?.message;
  return new Failure(message ?? `The server answered ${response.status} without saying why.`, {
    status: response.ok ? undefined : response.status, code: detail?.code ?? detail?.type,
    field: detail?.param ?? detail?.field, requestID: response.headers.get("x-request-id"), body,
  });
}

function search(query) {
  const all = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined && one !== "") all.append(key, one);
  }
  const text = all.toString();
  return text && `?${text}`;
}
