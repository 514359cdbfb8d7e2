"""A text that comes in pieces looks like the same text that comes at once."""

import json

TEXTS = {
    "blocks": "# One\n\nText *with* **all** `code` and\na second line.  \nbroken\n\n---\n\n> quoted\n> more\n\nEnd.\n\nOne more.\n\n\nLast.",
    "lists": "- a\n- b\n  - c\n  - d\n- e\n\n  more of e\n\n1. x\n2. y\n\nText\n3. no list\n\n- [x] done\n- [ ] open",
    "code": "Before\n```swift\nlet a = 1\n\n- no list\n```\nAfter\n\n~~~\nopen\n" + "line\n" * 90,
    "table": "| a | b |\n|---|:-:|\n| 1 | `x\\|y` |\n| 2 | 3 |\n\nText | no table",
    "marks": "snake_case_word, 2*3*4, **open, `open, __init__, ***both***, ~~gone~~, \\*no\\*, a\\_b, http://a.example/x_y_z.",
    "links": "[a](https://b.example/?q=1&r=2) [b](javascript:x) ![c](https://d.example/e.png) <https://f.example>",
}
WANTED = {
    "blocks": "<h3>One</h3><p>Text <em>with</em> <strong>all</strong> <code>code</code> and\na second line.<br>broken</p>"
              "<hr><blockquote><p>quoted\nmore</p></blockquote><p>End.</p><p>One more.</p><p>Last.</p>",
    "lists": "<ul><li>a</li><li>b<ul><li>c</li><li>d</li></ul></li><li>e<p>more of e</p></li></ul>"
             "<ol><li>x</li><li>y</li></ol><p>Text</p><ol start=\"3\"><li>no list</li></ol>"
             "<ul><li>☑ done</li><li>☐ open</li></ul>",
    "table": "<div class=\"scroll\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">a</th><th scope=\"col\">b</th></tr></thead>"
             "<tbody><tr><td>1</td><td><code>x|y</code></td></tr><tr><td>2</td><td>3</td></tr></tbody></table></div>"
             "<p>Text | no table</p>",
}
SCRIPT = """
(async () => {
  const { Markdown, markdown } = await import(new URL("ui/lib/markdown.js", document.baseURI));
  const clean = (node) => node.innerHTML.replace(/<span class="lines">|<\\/span>/g, "").replace(/\\n(?=<|$)/g, "");
  const result = {};
  for (const [name, text] of Object.entries(TEXTS)) {
    const whole = markdown(text);
    const differ = [];
    for (const length of [1, 2, 3, 7, 50]) {
      const writer = new Markdown();
      for (let at = 0; at < text.length; at += length) writer.draw(text.slice(at, at + length));
      const code = writer.node.textContent.replace(/\\s+/g, "") === whole.textContent.replace(/\\s+/g, "");
      if (!code || (name !== "code" && clean(writer.node) !== clean(whole))) differ.push([length, clean(writer.node)]);
    }
    result[name] = { whole: clean(whole), differ };
  }
  return result;
})()
"""


def drive(browser):
    browser.open("#/chat")
    answer = browser.debug(
        "Runtime.evaluate", expression=SCRIPT.replace("TEXTS", json.dumps(TEXTS)), awaitPromise=True, returnByValue=True)
    browser.wants("exceptionDetails" not in answer, f"it runs: {json.dumps(answer.get('exceptionDetails'))}")
    for name, found in answer["result"]["value"].items():
        browser.wants(found["differ"] == [], f"{name} is the same in pieces: {found}")
        if name in WANTED:
            browser.wants(found["whole"] == WANTED[name], f"{name} is {WANTED[name]}\nnot {found['whole']}")
