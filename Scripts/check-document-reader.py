#!/usr/bin/env python3
"""What llama-stack-document-reader reads of real documents, compared with readers that others wrote.

    Scripts/check-document-reader.py [--program FILE] [--fetch FOLDER] [--each N] [--list N] [FOLDER...]

Reads every HTML and Markdown file below the folders (/usr/share/doc unless given) and, with --fetch, of a list of
Debian packages that are unpacked below FOLDER. HTML is compared with html5lib, or Python's own parser for pages above
200 kB; Markdown against markdown-it with tables. A word that they find and the reader does not is lost. Exits 1 when
0.5 % of the words of either kind are lost.

The references, html5lib and markdown-it, come from PyPI, into .build/readers, the first time.
"""

import argparse
import collections
import html.parser
import pathlib
import re
import socket
import struct
import subprocess
import sys
import venv

import document_files

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".build/readers"
REFERENCES = ["html5lib==1.1", "markdown-it-py==4.0.0"]
FORMS = {"plain": 0, "html": 1, "xhtml": 2, "markdown": 3, "xml": 4, "svg": 5, "json": 6, "mail": 7}
HIDDEN = {"script", "style", "template", "noscript", "iframe", "noembed", "noframes", "metadata", "annotation"}
# What parts words beside it; of the others some stand within words.
INLINE = {
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "del", "dfn", "em", "font", "i", "ins", "kbd",
    "mark", "nobr", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "tt", "u", "var", "wbr",
}
LOST_MAX = 0.005


class Reader:
    """The program, as a provider starts it; started again after each 200 documents or when it ends."""

    def __init__(self, program):
        self.program, self.process, self.count = program, None, 0

    def read(self, form, content):
        if self.process is None or self.count == 200:
            self.start()
        self.count += 1
        self.socket.sendall(struct.pack("=Q", 2 + len(content)) + bytes([FORMS[form], 0]) + content)
        try:
            answer = self.receive(struct.unpack("=Q", self.receive(8))[0])
        except EOFError:
            self.process = None
            return "ended", "", ""
        encoding_end = 3 + answer[2]
        text = encoding_end + 1 + answer[encoding_end]
        outcome = ("text", "unreadable", "unknown_encoding", "too_large")[answer[0]]
        return outcome, answer[3:encoding_end].decode(), answer[text:].decode()

    def start(self):
        ours, theirs = socket.socketpair()
        self.process = subprocess.Popen([self.program, str(1 << 30), str(64 << 20)], stdin=theirs)
        theirs.close()
        self.socket, self.count = ours, 0

    def receive(self, size):
        got = bytearray()
        while len(got) < size:
            piece = self.socket.recv(size - len(got))
            if not piece:
                raise EOFError
            got += piece
        return bytes(got)


def in_environment():
    """Goes on in a Python environment of its own that has the references, which is made the first time."""
    python, stamp = FOLDER / "bin/python", FOLDER / "-".join(REFERENCES)
    if not stamp.exists():
        venv.create(FOLDER, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *REFERENCES], check=True)
        stamp.touch()
    if pathlib.Path(sys.prefix).resolve() != FOLDER.resolve():
        sys.exit(subprocess.run([python, *sys.argv]).returncode)


def text_of_tree(page):
    """By html5lib; iterative, as pages nest."""
    import html5lib

    pieces, open_elements = [], [(html5lib.parse(page, namespaceHTMLElements=False), False)]
    while open_elements:
        element, is_end = open_elements.pop()
        if is_end:
            # Two links that touch are two.
            pieces.append(element.tail or " " * (element.tag == "a"))
            continue
        name = element.tag.rsplit("}", 1)[-1] if isinstance(element.tag, str) else "!"
        if name == "!" or name in HIDDEN:
            pieces.append(" " * (name != "!") + (element.tail or ""))
            continue
        gap = "" if name in INLINE else " "
        pieces.append(gap + (element.text or ""))
        if gap:
            open_elements.append((Gap(element.tail), True))
        else:
            open_elements.append((element, True))
        open_elements.extend((child, False) for child in reversed(element))
    return "".join(pieces)


class Gap:
    def __init__(self, tail):
        self.tail = " " + (tail or "")


class PageText(html.parser.HTMLParser):
    """By Python's own parser: no tree, so fast."""

    def __init__(self):
        super().__init__()
        self.pieces, self.hidden = [], []

    def handle_starttag(self, name, attributes):
        if name in HIDDEN:
            self.hidden.append(name)
        elif name not in INLINE:
            self.pieces.append(" ")

    def handle_startendtag(self, name, attributes):
        self.pieces.append(" " * (name not in INLINE))

    def handle_endtag(self, name):
        if self.hidden and name == self.hidden[-1]:
            self.hidden.pop()
        elif name not in INLINE:
            self.pieces.append(" ")

    def handle_data(self, data):
        if not self.hidden:
            self.pieces.append(data)


def text_of_page(page):
    if len(page) <= 200_000:
        return text_of_tree(page)
    parser = PageText()
    parser.feed(page)
    parser.close()
    return "".join(parser.pieces)


def text_of_markdown(document):
    import markdown_it

    return text_of_tree(markdown_it.MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(document))


def words(text):
    return collections.Counter(re.findall(r"\w+", text.replace("\u00ad", "").lower()))


def check(kind, reference, reader, roots, options):
    files = all_words = all_lost = 0
    above, unread, worst = 0, [], []
    for path, content in document_files.files(kind, roots, options.each):
        outcome, encoding, text = reader.read(kind, content)
        if outcome != "text":
            unread.append(f"{path}: {outcome}")
            continue
        # The encoding is the reader's finding: the references are given text.
        wanted = words(reference(content.decode(encoding, errors="replace")))
        lost = wanted - words(text)
        files += 1
        all_words += wanted.total()
        all_lost += lost.total()
        above += lost.total() > LOST_MAX * wanted.total()
        if lost:
            worst.append((lost.total() / wanted.total(), str(path), lost.most_common(6)))
    for share, path, some in sorted(worst, reverse=True)[: options.list]:
        print(f"  {share:7.2%} {path}: {' '.join(word for word, _ in some)}")
    for line in unread:
        print(f"  not read: {line}")
    share = all_lost / max(1, all_words)
    print(
        f"{kind}: {files} files, {all_words} words, {all_lost} lost ({share:.3%}); "
        f"{len(worst)} files lose a word, {above} more than 0.5 %; {len(unread)} not read")
    return share < LOST_MAX and files > 0


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--program", default=str(ROOT / ".build/release/llama-stack-document-reader"))
    arguments.add_argument("--fetch", type=pathlib.Path)
    arguments.add_argument("--each", type=int, default=300, help="files of each folder or package at most")
    arguments.add_argument("--list", type=int, default=10)
    arguments.add_argument("folders", nargs="*", default=["/usr/share/doc"])
    options = arguments.parse_args()
    in_environment()
    roots = list(options.folders)
    if options.fetch:
        missing = document_files.fetch(options.fetch)
        if missing:
            print(f"packages that can't be had here: {' '.join(missing)}")
        roots += sorted(path for path in options.fetch.iterdir() if path.is_dir())
    reader = Reader(options.program)
    results = [
        check("html", text_of_page, reader, roots, options),
        check("markdown", text_of_markdown, reader, roots, options),
    ]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
