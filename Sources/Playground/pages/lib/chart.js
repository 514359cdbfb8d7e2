// Pictures of numbers, drawn by hand: lines over steps, and how often values occur. Each says in words what it shows,
// and the numbers themselves stand in a table or a text beside it.
import { svg } from "./dom.js";

const width = 560;
const height = 220;
const edge = { left: 52, right: 12, top: 12, bottom: 32 };

/// Lines over a common axis.
/// - series: [{ name, points: [[x, y], …], isFaint, isDashed }]; the order is that of the colours
/// - axes: { x: "step", y: "loss", label: "what the picture shows, a sentence" }
export function lineChart(series, axes) {
  const points = series.flatMap((line) => line.points).filter(([, y]) => Number.isFinite(y));
  const x = scale(points.map((point) => point[0]), edge.left, width - edge.right);
  const y = scale(points.map((point) => point[1]), height - edge.bottom, edge.top);
  return frame(axes, x, y, series.map((line, index) => {
    const path = line.points.filter(([, y]) => Number.isFinite(y)).map(([a, b], at) =>
      `${at ? "L" : "M"}${x(a).toFixed(1)} ${y(b).toFixed(1)}`).join("");
    return svg("path", { d: path,
      class: `line c${index % 4}${line.isFaint ? " faint" : ""}${line.isDashed ? " dashed" : ""}` });
  }), series.map((line, index) => [line.name, `c${index % 4}`]));
}

/// Bars of how many values fall into each part of their range.
/// - mark: { value, name }, a line across
export function histogram(values, axes, mark, parts = 24) {
  const all = values.filter(Number.isFinite);
  const least = Math.min(...all, mark?.value ?? Infinity);
  const most = Math.max(...all, mark?.value ?? -Infinity);
  const size = (most - least) / parts || 1;
  const counts = new Array(parts).fill(0);
  for (const value of all) counts[Math.min(parts - 1, Math.floor((value - least) / size))] += 1;
  const x = scale([least, least + size * parts], edge.left, width - edge.right);
  const y = scale([0, ...counts], height - edge.bottom, edge.top);
  const bars = counts.map((count, index) => count > 0 && svg("rect", {
    x: x(least + size * index) + 1, width: Math.max(1, x(least + size) - x(least) - 2), y: y(count),
      height: y(0) - y(count), class: "bar-of c0",
  }));
  const line = mark && svg("path", { d: `M${x(mark.value)} ${edge.top}V${height - edge.bottom}`,
    class: "line c1 dashed" });
  return frame(axes, x, y, [bars, line], mark ? [[mark.name, "c1"]] : []);
}

/// The values smoothed by an exponential mean: each point [x, y] keeps its x.
export function smooth(points, weight) {
  let mean = null;
  return points.map(([x, y]) => [x, mean = mean === null ? y : weight * mean + (1 - weight) * y]);
}

function frame(axes, x, y, content, names) {
  return svg("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": axes.label },
    y.ticks.map((value) => [
      svg("path", { d: `M${edge.left} ${y(value)}H${width - edge.right}`, class: "grid-line" }),
      svg("text", { x: edge.left - 6, y: y(value) + 4, "text-anchor": "end" }, short(value)),
    ]),
    x.ticks.map((value) => svg("text", { x: x(value), y: height - edge.bottom + 16, "text-anchor": "middle" },
      short(value))),
    svg("text", { x: width - edge.right, y: height - 2, "text-anchor": "end" }, axes.x),
    svg("text", { x: 2, y: edge.top }, axes.y),
    content,
    names.map(([name, color], index) => [
      svg("path", { d: `M${width - 160} ${edge.top + 6 + index * 16}h16`, class: `line ${color}` }),
      svg("text", { x: width - 138, y: edge.top + 10 + index * 16 }, name),
    ]));
}

/// A function from values to pixels, with round values between as `ticks`.
function scale(values, from, to) {
  let [least, most] = values.length ? [Math.min(...values), Math.max(...values)] : [0, 1];
  if (least === most) [least, most] = [least - 0.5, most + 0.5];
  const map = (value) => from + ((value - least) / (most - least)) * (to - from);
  const rough = (most - least) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough);
  map.ticks = [];
  for (let value = Math.ceil(least / step) * step; value <= most + step / 1e6; value += step) map.ticks.push(value);
  return map;
}

function short(value) {
  return String(Number(value.toPrecision(4)));
}
