#!/usr/bin/env python3
"""Memory of a server with one idle bank of a million chunks, over its vectors at eight bits (384 bytes each).

The chunks' vectors are those of Scripts/make-vectors.py; they are put into the database as the indexer would leave them,
which takes minutes in place of the hours that embedding a million texts takes. The server then starts on it as on any
other, reads the vectors, parts them into lists, and is measured when its memory has not changed for ten seconds.
Needs numpy, 4 GB of disk and 2 of memory.
"""
import argparse
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile
import time

import numpy

ROOT = pathlib.Path(__file__).resolve().parents[1]
DISTRIBUTION = """
version: 1
name: bench-memory-idle
state: {state}
providers:
  memory_banks:
    - {{provider_id: files, provider_type: inline::file, config: {{embedding_model: synthetic}}}}
"""


class Server:
    def __init__(self, binary, folder):
        self.log = open(folder / "log", "w")
        self.process = subprocess.Popen(
            [binary, "run", folder / "dist.yaml", "--port", "0"], stdout=subprocess.PIPE, stderr=self.log)
        if not re.search(rb"http://", self.process.stdout.readline()):
            sys.exit((folder / "log").read_text())

    def memory(self):
        """Resident bytes, and those of them that are no file's."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return [int(re.search(rf"{name}:\s+(\d+)", status)[1]) * 1024 for name in ("VmRSS", "RssAnon")]

    def processor_seconds(self):
        return sum(map(int, pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().split()[13:15])) / 100

    def idle_memory(self):
        """When it has computed nothing for ten seconds."""
        last, since = -1.0, time.monotonic()
        while time.monotonic() - since < 10:
            time.sleep(0.5)
            if self.processor_seconds() - last > 0.05:
                last, since = self.processor_seconds(), time.monotonic()
        return self.memory()

    def stop(self):
        self.process.terminate()
        self.process.wait()


def fill(database, vectors, count):
    db = sqlite3.connect(database, isolation_level=None)
    db.executescript("PRAGMA synchronous = OFF; BEGIN")
    db.execute("INSERT INTO bank (id, uuid, name, documents) VALUES (1, 'bank', 'bank', ?)", (count,))
    db.execute("DROP TRIGGER document_indexed")
    trigger = db.execute("SELECT sql FROM sqlite_schema WHERE name = 'chunk_added'").fetchone()[0]
    db.execute("DROP TRIGGER chunk_added")
    for start in range(0, count, 50_000):
        ids = range(start + 1, min(start + 50_000, count) + 1)
        some = numpy.asarray(vectors[start:start + len(ids)])
        scales = (numpy.abs(some).max(axis=1) / 127).astype("<f4")
        codes = numpy.rint(some / scales[:, None]).astype("i1")
        metadata = b"{}"
        db.executemany(
            "INSERT INTO document (id, bank, uuid, state, chunks, mime_type, metadata, checksum, content) "
            "VALUES (?, 1, ?, 1, 1, 'text/plain', ?, 0, x'')", ((i, f"d{i}", metadata) for i in ids))
        db.executemany(
            "INSERT INTO chunk (id, document, position, first_byte, end_byte, tokens, scope, text) "
            "VALUES (?, ?, 0, 0, 9, 2, 'b1', ?)", ((i, i, f"text {i}") for i in ids))
        db.executemany("INSERT INTO code (chunk, bank, code) VALUES (?, 1, ?)",
                       ((i, scale.tobytes() + code.tobytes()) for i, scale, code in zip(ids, scales, codes)))
        db.executemany("INSERT INTO vector (chunk, vector) VALUES (?, ?)",
                       ((i, vector.tobytes()) for i, vector in zip(ids, some)))
    db.execute("INSERT INTO chunk_word (chunk_word) VALUES ('rebuild')")
    db.execute(trigger)
    db.execute("""CREATE TRIGGER document_indexed AFTER UPDATE OF state ON document BEGIN
        DELETE FROM embedding_due WHERE document = new.id;
        INSERT INTO embedding_due SELECT new.id WHERE new.state = 1 AND new.chunks > 0; END""")
    db.execute("COMMIT")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chunks", type=int, default=1_000_000)
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / ".build/bench-vectors",
                        help="where Scripts/make-vectors.py left base.f32; made when it is not there")
    parser.add_argument("--binary", default=ROOT / ".build/release/llama-stack")
    arguments = parser.parse_args()
    base = arguments.folder / "base.f32"
    if not base.exists() or base.stat().st_size < arguments.chunks * 1536:
        subprocess.run([sys.executable, ROOT / "Scripts/make-vectors.py", str(arguments.chunks), "1000",
                        arguments.folder], check=True)
    vectors = numpy.memmap(base, "<f4", "r").reshape(-1, 384)
    with tempfile.TemporaryDirectory(prefix="bench-memory-idle-", dir=arguments.folder) as folder:
        folder = pathlib.Path(folder)
        (folder / "dist.yaml").write_text(DISTRIBUTION.format(state=folder / "state"))
        server = Server(arguments.binary, folder)
        empty = server.idle_memory()
        server.stop()
        fill(folder / "state/memory_banks/files/memory.sqlite", vectors, arguments.chunks)
        server = Server(arguments.binary, folder)
        full = server.idle_memory()
        server.stop()
    codes = arguments.chunks * 384
    mb = [round(value / 1e6, 1) for value in (codes, *empty, *full)]
    print(f"{arguments.chunks} chunks: vectors at eight bits {mb[0]} MB; empty server {mb[1]} MB resident ({mb[2]} anonymous); "
          f"with the bank {mb[3]} MB ({mb[4]} anonymous)")
    print(f"the whole process over the vectors: {full[0] / codes:.3f}×; the bank's own share: "
          f"{(full[0] - empty[0]) / codes:.3f}× (must 1.5, aim 1.2)")


if __name__ == "__main__":
    main()
