// What the URL says of a view: `#/chat?model=m&temperature=0.7`. A link to it shows the same view.

/// { tab, values } of the page's URL.
export function place() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  return { tab: decodeURIComponent(path ?? ""), values: new URLSearchParams(query ?? "") };
}

const textMax = 2000;

export class State {
  constructor(tab, values) {
    this.tab = tab;
    this.values = values;
  }

  get(key, otherwise = "") {
    return this.values.get(key) ?? otherwise;
  }

  /// A value that is empty or the default leaves the URL.
  set(key, value, otherwise = "") {
    const text = String(value ?? "");
    // A link is no place for a whole document.
    if (text === "" || text === String(otherwise) || text.length > textMax) this.values.delete(key);
    else this.values.set(key, text);
    const query = this.values.toString();
    history.replaceState(null, "", `#/${this.tab}${query && "?" + query}`);
  }

  /// A field of a form whose value is in the URL. Returns the field.
  bind(field, key, otherwise = "") {
    const isBox = field.type === "checkbox";
    if (isBox) field.checked = this.get(key, otherwise ? "1" : "0") === "1";
    else {
      const value = this.get(key, otherwise);
      // A list may not have what the URL says.
      const isThere = field.tagName !== "SELECT" || [...field.options].some((option) => option.value === value);
      if (isThere) field.value = value;
    }
    field.addEventListener(isBox || field.tagName === "SELECT" ? "change" : "input", () => {
      if (isBox) this.set(key, field.checked ? "1" : "0", otherwise ? "1" : "0");
      else this.set(key, field.value, otherwise);
    });
    return field;
  }
}
