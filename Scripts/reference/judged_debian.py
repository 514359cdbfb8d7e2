"""Makes Tests/Fixtures/judged-debian: sections of the Debian Administrator's Handbook, and what other searches make of them.

    python judged_debian.py documents HANDBOOK.deb     documents.jsonl, the sections that sections.txt names
    python judged_debian.py peers MINILM               minilm.i8 and peers.json

HANDBOOK.deb is the package debian-handbook 11.20220922 (apt-get download debian-handbook), MINILM the folder of
all-MiniLM-L6-v2. Needs rank_bm25, sentence-transformers and snowballstemmer. peers.json holds each query's nDCG@10 by:

    bm25           rank_bm25.BM25Okapi as it comes, over lower-case words without STOP_WORDS
    bm25_stemmed   the same over their Porter stems
    minilm         cosine of all-MiniLM-L6-v2
    rrf            reciprocal rank fusion of bm25 and minilm, k = 60 (Cormack et al. 2009); bm25 gives what has a word
    rrf_stemmed    the same of bm25_stemmed and minilm
"""
import html.parser
import json
import math
import pathlib
import re
import subprocess
import sys
import tempfile

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "Tests/Fixtures/judged-debian"
# A section is cut at the sentence that would take it over this number of tokens, by the estimate of the project's chunker: one
# window of the model, so that every search sees the same text.
TOKENS_MAX = 185
# NLTK's list of English, without its fragments of contractions.
STOP_WORDS = set("""
i me my myself we our ours ourselves you your yours yourself yourselves he him his himself she her hers herself it its itself
they them their theirs themselves what which who whom this that these those am is are was were be been being have has had having
do does did doing a an the and but if or because as until while of at by for with about against between into through during before
after above below to from up down in out on off over under again further then once here there when where why how all any both each
few more most other some such no nor not only own same so than too very s t can will just don should now
""".split())


class Sections(html.parser.HTMLParser):
    """The sections of a page: a title and its paragraphs."""

    HEADINGS = {"h1", "h2", "h3", "h4", "h5"}
    HIDDEN = {"pre", "script", "style", "title"}

    def __init__(self):
        super().__init__()
        self.sections, self.open, self.hidden, self.is_heading = [], None, 0, False

    def handle_starttag(self, tag, attributes):
        if tag in self.HEADINGS:
            self.begin(is_heading=True)
        elif tag in ("p", "li", "dt", "dd") or tag == "div" and "para" in (dict(attributes).get("class") or "").split():
            self.begin(is_heading=False)
        elif tag in self.HIDDEN:
            self.end()
            self.hidden += 1

    def handle_endtag(self, tag):
        if tag in self.HEADINGS or tag in ("p", "li", "dt", "dd", "div"):
            self.end()
        elif tag in self.HIDDEN:
            self.hidden = max(0, self.hidden - 1)

    def handle_data(self, data):
        if self.open is not None and not self.hidden:
            self.open.append(data)

    def begin(self, is_heading):
        self.end()
        self.open, self.is_heading = [], is_heading

    def end(self):
        text, self.open = " ".join("".join(self.open or []).split()), None
        if text and self.is_heading:
            self.sections.append((text, []))
        elif text and self.sections:
            self.sections[-1][1].append(text)


def tokens(text):
    return sum((len(word.encode()) + 5) // 6 if word[0].isalnum() else 1 for word in re.findall(r"\w+|[^\w\s]", text))


def cut(title, paragraphs):
    text = title + "\n"
    for paragraph in paragraphs:
        between = "\n"
        for sentence in re.split(r'(?<=[.!?:])\s+(?=[A-Z(“"])', paragraph):
            if tokens(text + between + sentence) > TOKENS_MAX:
                return text
            text += between + sentence
            between = " "
    return text


def write_documents(package):
    wanted = (FOLDER / "sections.txt").read_text().split()
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["dpkg-deb", "-x", package, folder], check=True)
        for page in sorted(pathlib.Path(folder, "usr/share/doc/debian-handbook/html/en-US").glob("*.html")):
            sections = Sections()
            sections.feed(page.read_text(encoding="utf-8"))
            sections.end()
            for title, paragraphs in sections.sections:
                title = re.sub(r"^(Chapter )?([AB]\.)?[\d.]+\s*", "", title)
                slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
                name = page.stem.replace("sect.", "") + "/" + slug
                text = cut(title, paragraphs)
                if name not in found or len(text) > len(found[name]):
                    found[name] = text
    with open(FOLDER / "documents.jsonl", "w", encoding="utf-8") as file:
        for name in wanted:
            file.write(json.dumps({"id": name, "text": found[name]}, ensure_ascii=False) + "\n")


def records(name):
    return [json.loads(line) for line in (FOLDER / name).read_text(encoding="utf-8").splitlines()]


def words(text):
    return [word for word in re.findall(r"\w+", text.lower()) if word not in STOP_WORDS]


def gain(grades):
    return sum((2**grade - 1) / math.log2(place + 2) for place, grade in enumerate(grades[:10]))


def fused(*lists):
    scores = {}
    for ranked in lists:
        for place, document in enumerate(ranked, 1):
            scores[document] = scores.get(document, 0) + 1 / (60 + place)
    return sorted(scores, key=lambda document: (-scores[document], document))


def by_words(documents, queries, tokenize):
    from rank_bm25 import BM25Okapi

    index = BM25Okapi([tokenize(document["text"]) for document in documents])
    for query in queries:
        scores = index.get_scores(tokenize(query["text"]))
        yield sorted((number for number, score in enumerate(scores) if score > 0), key=lambda number: -scores[number])


def write_peers(model):
    import numpy
    import snowballstemmer
    from sentence_transformers import SentenceTransformer

    documents, queries = records("documents.jsonl"), records("queries.jsonl")
    vectors = SentenceTransformer(model, device="cpu").encode(
        [record["text"] for record in documents + queries], normalize_embeddings=True)
    scales = numpy.abs(vectors).max(axis=1) / 127
    rows = numpy.zeros(len(vectors), dtype=[("scale", "<f4"), ("codes", "i1", vectors.shape[1])])
    rows["scale"], rows["codes"] = scales, numpy.rint(vectors / scales[:, None])
    rows.tofile(FOLDER / "minilm.i8")
    nearness = vectors[len(documents):] @ vectors[:len(documents)].T
    stemmer = snowballstemmer.stemmer("porter")
    ranked = {
        "bm25": list(by_words(documents, queries, words)),
        "bm25_stemmed": list(by_words(documents, queries, lambda text: stemmer.stemWords(words(text)))),
        "minilm": [list(numpy.argsort(-row, kind="stable")) for row in nearness],
    }
    for name, one in (("rrf", "bm25"), ("rrf_stemmed", "bm25_stemmed")):
        ranked[name] = [fused(a[:100], b[:100]) for a, b in zip(ranked[one], ranked["minilm"])]
    peers = {}
    for name, lists in ranked.items():
        peers[name] = {}
        for query, found in zip(queries, lists):
            grades = [query["judgments"].get(documents[number]["id"], 0) for number in found]
            best = gain(sorted(query["judgments"].values(), reverse=True))
            peers[name][query["id"]] = round(gain(grades) / best, 4)
        print(name, round(sum(peers[name].values()) / len(queries), 4))
    (FOLDER / "peers.json").write_text(json.dumps(peers, indent=1) + "\n")


if __name__ == "__main__":
    {"documents": write_documents, "peers": write_peers}[sys.argv[1]](sys.argv[2])
