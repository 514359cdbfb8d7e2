// Text of strangers, made harmless to look at. Nothing of it is ever markup; but an escape sequence, a control
// character or one that turns the direction of all that follows would still be there without being seen.

const hidden = new RegExp(
  "[\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f\\u202a-\\u202e\\u2066-\\u2069\\ufeff\\u{e0000}-\\u{e007f}]",
  "gu");

/// The text with each of these as a visible sign.
export function inert(text) {
  return text.replace(hidden, sign);
}

function sign(character) {
  const code = character.codePointAt(0);
  if (code < 0x20 || code === 0x7f) return `^${String.fromCodePoint(code ^ 0x40)}`;
  return `\u27e8U+${code.toString(16).toUpperCase().padStart(4, "0")}\u27e9`;
}

/// 1234567 → "1,234,567"
export function count(value) {
  return Number(value).toLocaleString("en-US");
}

/// 1500 → "1.50 s"
export function milliseconds(value) {
  return value < 1000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(2)} s`;
}

/// "1 token", "2 tokens"
export function plural(value, noun) {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}
