// A value as YAML, to be read by a person.

export function yaml(value, indent = "") {
  if (Array.isArray(value)) {
    return value.map((item) => `${indent}- ${yaml(item, `${indent}  `).trimStart()}`).join("");
  }
  if (value && typeof value === "object") {
    return Object.entries(value).map(([key, item]) => {
      const isNested = item && typeof item === "object" && Object.keys(item).length > 0;
      return `${indent}${key}:${isNested ? `\n${yaml(item, `${indent}  `)}` : ` ${scalar(item)}\n`}`;
    }).join("");
  }
  return `${indent}${scalar(value)}\n`;
}

function scalar(value) {
  if (typeof value !== "string") return JSON.stringify(value);
  return /^[A-Za-z/.][\w./@ :-]*$/.test(value) && !/: |^(true|false|null|yes|no)$|:$/.test(value)
    ? value : JSON.stringify(value);
}
