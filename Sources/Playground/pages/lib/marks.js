// The words of a query, marked in a text.
import { h } from "./dom.js";
import { inert } from "./text.js";

const common = new Set(("a an and are as at be by did do does for from had has have how i in is it its my of on or " +
  "our that the their they this to was we were what when where which who why will with you your").split(" "));

/// The folded words of a query; common ones only where it has no others.
export function terms(query) {
  const all = [...words(query)].map((word) => stem(word.segment));
  const rare = all.filter((word) => !common.has(word));
  return new Set(rare.length ? rare : all);
}

/// The text as nodes, with each word that is one of the terms in a `mark`.
export function marked(text, terms) {
  const nodes = [];
  let done = 0;
  for (const { segment, index } of words(text)) {
    if (!terms.has(stem(segment))) continue;
    nodes.push(inert(text.slice(done, index)), h("mark", {}, segment));
    done = index + segment.length;
  }
  nodes.push(inert(text.slice(done)));
  return nodes;
}

const segmenter = new Intl.Segmenter(undefined, { granularity: "word" });

function* words(text) {
  for (const part of segmenter.segment(text)) if (part.isWordLike) yield part;
}

/// Without case, accents and the common endings of English words, much as the server compares them.
function stem(word) {
  const folded = word.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  if (folded.length <= 4) return folded.replace(/s$/, "");
  return folded.replace(/(?:ies|y)$/, "i").replace(/(?:ing|ed|es|s|e)$/, "");
}
