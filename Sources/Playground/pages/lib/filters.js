// What each filter of synthetic data keeps, by the rules of its provider: the draws too are the same.

export const filters = ["none", "random", "top_k", "top_p", "top_k_top_p", "sigmoid"];

/// The places of those that are kept.
/// - scores: of one prompt's candidates, in the order of their places
/// - settings: { k, p, temperature, threshold, seed }; no threshold is undefined
export function keep(filter, scores, { k, p, temperature, threshold, seed }, prompt) {
  const all = scores.map((score, place) => ({ score, place }));
  const draw = (candidate) => unit(seed, prompt, candidate.place);
  const chance = (score) => 1 / (1 + Math.exp(-(score - (threshold ?? 0)) / temperature));
  if (filter === "sigmoid") return places(all.filter((candidate) => draw(candidate) < chance(candidate.score)));
  const left = all.filter(({ score }) => threshold === undefined || score >= threshold);
  if (filter === "none") return places(left);
  // Of equals, the earlier is the better.
  if (filter === "random") return places(left.toSorted((a, b) => draw(a) - draw(b)).slice(0, k));
  const best = left.toSorted((a, b) => b.score - a.score).slice(0, filter === "top_p" ? undefined : k);
  return places(filter === "top_k" ? best : holding(best, p, temperature));
}

function places(candidates) {
  return candidates.map(({ place }) => place).sort((a, b) => a - b);
}

/// The shortest beginning that holds the share p of softmax(score / temperature).
function holding(best, p, temperature) {
  if (!best.length || p >= 1) return best;
  const weights = best.map(({ score }) => Math.exp((score - best[0].score) / temperature));
  const wanted = p * weights.reduce((sum, weight) => sum + weight, 0);
  let mass = 0;
  return best.slice(0, weights.findIndex((weight) => (mass += weight) >= wanted) + 1 || undefined);
}

/// SplitMix64 over seed, prompt and candidate, in [0, 1).
function unit(seed, prompt, candidate) {
  const number = mix(mix(mix(BigInt(seed)) ^ BigInt(prompt)) ^ BigInt(candidate));
  return Number(number >> 11n) * 2 ** -53;
}

function mix(seed) {
  const cut = (value) => BigInt.asUintN(64, value);
  let z = cut(seed + 0x9e3779b97f4a7c15n);
  z = cut((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
  z = cut((z ^ (z >> 27n)) * 0x94d049bb133111ebn);
  return z ^ (z >> 31n);
}
