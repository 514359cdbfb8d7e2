// A dialog as a tree: an edit or another try is a branch beside what was there.

export class Dialog {
  constructor() {
    this.clear();
  }

  clear() {
    this.root = { children: [], parent: null };
    this.leaf = this.root;
  }

  /// Adds below the end of the branch that is shown, which it then ends.
  add(node, parent = this.leaf) {
    const added = Object.assign(node, { parent, children: [] });
    parent.children.push(added);
    this.leaf = added;
    return added;
  }

  /// The messages of the branch that is shown.
  path() {
    const path = [];
    for (let node = this.leaf; node.parent; node = node.parent) path.unshift(node);
    return path;
  }

  /// Shows the branch of a message, to its newest end.
  choose(node) {
    while (node.children.length) node = node.children.at(-1);
    this.leaf = node;
  }

  /// As a request has them.
  messages() {
    return this.path().filter((node) => !node.isRunning).map(message);
  }

  json() {
    const plain = (node) => ({ ...message(node), model: node.model, children: node.children.map(plain) });
    return { format: "llama-stack dialog 1", children: this.root.children.map(plain) };
  }

  /// Takes what `json` gave, or a list of messages.
  read(json) {
    const roots = Array.isArray(json) || Array.isArray(json?.messages) ? chain(json.messages ?? json) : json?.children;
    if (!Array.isArray(roots)) throw new Error("it has neither messages nor children");
    const root = { children: [], parent: null };
    const add = (parent) => (json) => {
      if (!["user", "assistant", "tool"].includes(json?.role)) throw new Error(`no role '${json?.role}'`);
      const node = { role: json.role, content: String(json.content ?? ""), model: json.model, parent, children: [] };
      if (json.tool_calls) node.calls = json.tool_calls.map((call) => ({ id: call.id, ...call.function }));
      if (json.tool_call_id) node.callID = json.tool_call_id;
      parent.children.push(node);
      (json.children ?? []).forEach(add(node));
    };
    roots.forEach(add(root));
    this.root = root;
    this.choose(root);
  }
}

function message({ role, content, calls, callID }) {
  const message = { role, content };
  if (calls) message.tool_calls = calls.map(({ id, name, arguments: given }) =>
    ({ id, type: "function", function: { name, arguments: given } }));
  if (callID) message.tool_call_id = callID;
  return message;
}

function chain(messages) {
  return messages.filter((message) => message.role !== "system").reduceRight((children, message) =>
    [{ ...message, children }], []);
}
