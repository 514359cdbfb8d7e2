#!/usr/bin/env python3
"""Makes Tests/Fixtures/fidelity/text.txt, the text that perplexity is measured on.

    apt-get download sqlite3-doc && dpkg -x sqlite3-doc_*.deb unpacked
    fidelity_text.py unpacked/usr/share/doc/sqlite3 > Tests/Fixtures/fidelity/text.txt

It is the running text of some pages of SQLite's documentation, which its authors dedicated to the public domain
(sqlite.org/copyright.html). The committed file came from Debian's sqlite3-doc 3.40.1-2+deb12u2.
"""

import html.parser
import os
import re
import sys

PAGES = ["howtocorrupt", "flextypegood"]
BREAKS = {"p", "li", "h1", "h2", "h3", "h4", "ul", "ol", "blockquote", "tr", "div", "pre", "dt", "dd", "br"}
HIDDEN = {"script", "style", "head"}


class Text(html.parser.HTMLParser):
    """Paragraphs one to a line; preformatted text as it stands."""

    def __init__(self):
        super().__init__()
        self.parts, self.hidden, self.preformatted = [], 0, 0

    def handle_starttag(self, tag, attributes):
        self.hidden += tag in HIDDEN
        self.preformatted += tag == "pre"
        if tag in BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag):
        self.hidden -= tag in HIDDEN
        self.preformatted -= tag == "pre"
        if tag in BREAKS:
            self.parts.append("\n")

    def handle_data(self, data):
        if not self.hidden:
            self.parts.append(data if self.preformatted else re.sub(r"\s+", " ", data))


def text_of(path):
    with open(path, encoding="utf-8") as file:
        page = file.read()
    # The page's own text begins at its title or after its table of contents.
    start = page.index("<h1") if "<h1" in page else page.index("</script>", page.index("fancy_toc"))
    parser = Text()
    parser.feed(page[start:])
    lines = "".join(parser.parts).split("\n")
    kept = []
    for line in (line.rstrip() for line in lines):
        if line.strip() or (kept and kept[-1]):
            kept.append(line if line.startswith("  ") else line.strip())
    kept = [line for line in kept if not line.startswith("This page last modified")]
    return "\n".join(kept).strip()


folder = sys.argv[1]
print("\n\n".join(text_of(os.path.join(folder, f"{page}.html")) for page in PAGES))
