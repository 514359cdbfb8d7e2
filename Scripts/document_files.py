"""HTML and Markdown files that people wrote: those below this machine's documentation folders, and those of Debian
packages that are fetched without being installed."""

import gzip
import pathlib
import subprocess
import tempfile

# Documentation by many hands and generators: DocBook, Sphinx, Doxygen, Javadoc, texi2html, by hand.
PACKAGES = [
    "postgresql-doc-15", "git-doc", "python3.11-doc", "bash-doc", "nodejs-doc", "libgtk-3-doc", "cmake-doc",
    "exim4-doc-html", "debian-reference-de", "debian-reference-ja", "debian-policy",
    "developers-reference", "developers-reference-ja", "aptitude-doc-cs", "libcommons-io-java-doc",
    "node-typescript", "npm", "eslint", "webpack", "node-undici", "ruby-rails", "golang-github-spf13-cobra-dev",
    "librust-clap-3-dev", "librust-tokio-dev", "librust-serde-dev", "librust-regex-dev", "golang-golang-x-tools-dev",
    "librust-syn-dev", "librust-rand-dev", "librust-hyper-dev", "librust-rayon-dev", "librust-bitflags-dev",
    "golang-github-gin-gonic-gin-dev", "golang-github-hashicorp-consul-dev", "golang-google-grpc-dev", "node-express",
    "node-mocha", "node-rollup", "node-babel7", "node-lodash", "node-yargs", "node-got", "node-jest", "yarnpkg",
]
SUFFIXES = {
    "html": (".html", ".htm", ".xhtml"),
    "markdown": (".md", ".markdown", ".mkd"),
}


def fetch(cache):
    """Unpacks the packages that can be had below `cache`, once; names those that can't."""
    cache.mkdir(parents=True, exist_ok=True)
    missing = []
    for package in PACKAGES:
        folder = cache / package
        if folder.exists():
            continue
        with tempfile.TemporaryDirectory(dir=cache) as temporary:
            got = subprocess.run(
                ["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", package], cwd=temporary,
                capture_output=True)
            archives = list(pathlib.Path(temporary).glob("*.deb"))
            if got.returncode != 0 or not archives:
                missing.append(package)
                continue
            unpacked = pathlib.Path(temporary) / "unpacked"
            subprocess.run(["dpkg-deb", "-x", archives[0], unpacked], check=True)
            unpacked.rename(folder)
    return missing


def files(kind, roots, each=None):
    """(path, bytes), each content once, in the order of paths: of each root a limited number."""
    seen = set()
    for root in roots:
        left = each or -1
        for path in sorted(pathlib.Path(root).rglob("*")):
            name = path.name.lower()
            packed = name.endswith(".gz")
            if not (name[:-3] if packed else name).endswith(SUFFIXES[kind]) or not path.is_file() or path.is_symlink():
                continue
            try:
                content = gzip.decompress(path.read_bytes()) if packed else path.read_bytes()
            except OSError:
                continue
            if not content or content in seen:
                continue
            seen.add(content)
            yield path, content
            left -= 1
            if left == 0:
                break
