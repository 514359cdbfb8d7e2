// A form for a JSON Schema of the served document.
import { area, field, number, select } from "./form.js";
import { h } from "./dom.js";

export class Schemas {
  constructor(document) {
    this.document = document;
  }

  /// Without the reference, and without the null that a field may also be.
  plain(schema, depth = 0) {
    if (schema?.$ref && depth < 8) {
      const found = schema.$ref.split("/").slice(1).reduce((value, key) => value?.[key], this.document);
      return { ...this.plain(found, depth + 1), ...(schema.description && { description: schema.description }) };
    }
    const choices = schema?.anyOf?.filter((choice) => choice.type !== "null");
    if (choices?.length === 1) return { ...this.plain(choices[0], depth), ...omit(schema, "anyOf") };
    return schema ?? {};
  }

  /// A value that has what is required, for a person to change.
  sample(schema, depth = 0) {
    const found = this.plain(schema);
    if (found.default !== undefined) return found.default;
    if (found.examples?.length) return found.examples[0];
    if (found.const !== undefined) return found.const;
    if (found.enum) return found.enum[0];
    const choices = found.anyOf ?? found.oneOf;
    if (choices) return depth < 6 ? this.sample(choices[0], depth + 1) : null;
    switch ([found.type].flat()[0]) {
      case "object": return Object.fromEntries((found.required ?? []).map((key) =>
        [key, depth < 6 ? this.sample(found.properties?.[key], depth + 1) : null]));
      case "array": return depth < 4 && found.items ? [this.sample(found.items, depth + 1)] : [];
      case "integer": case "number": return found.minimum ?? 0;
      case "boolean": return false;
      case "string": return "";
      default: return depth === 0 ? {} : "";
    }
  }

  /// { node, read() }: a field for a value; `read` gives undefined for one that is left out, and throws for no JSON.
  input(name, schema, isRequired) {
    const found = this.plain(schema);
    const label = isRequired ? `${name} (required)` : name;
    const made = (control, read) => ({ node: field(label, control, found.description), control, read });
    const empty = isRequired ? [] : [["", "left out"]];
    if (found.enum) {
      const control = select([...empty, ...found.enum.map((value) => [JSON.stringify(value), String(value)])]);
      return made(control, () => (control.value ? JSON.parse(control.value) : undefined));
    }
    switch ([found.type].flat()[0]) {
      case "boolean": {
        const control = select([...empty, "true", "false"]);
        return made(control, () => (control.value ? control.value === "true" : undefined));
      }
      case "integer": case "number": {
        const control = number({ placeholder: placeholder(found), min: found.minimum, max: found.maximum });
        return made(control, () => (control.value === "" ? undefined : Number(control.value)));
      }
      case "string": {
        const control = h("input", { type: "text", placeholder: placeholder(found), spellcheck: "false" });
        return made(control, () => (control.value === "" && !isRequired ? undefined : control.value));
      }
      default: {
        const control = area({ class: "code", rows: 4, placeholder: "JSON" });
        if (isRequired) control.value = JSON.stringify(this.sample(schema), null, 2);
        return made(control, () => {
          if (!control.value.trim()) return undefined;
          try {
            return JSON.parse(control.value);
          } catch (error) {
            // Most fields that may be many things may be a text.
            if (!/^\s*[[{"]/.test(control.value)) return control.value;
            throw new Error(`${name} is no JSON: ${error.message}`);
          }
        });
      }
    }
  }
}

function placeholder(schema) {
  const value = schema.default ?? schema.examples?.[0];
  return value === undefined || value === null ? null : String(value);
}

function omit(object, key) {
  const { [key]: _, ...rest } = object;
  return rest;
}
