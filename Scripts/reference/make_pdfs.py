#!/usr/bin/env python3
"""Writes Tests/Fixtures/pdf: small PDF documents, whole and hostile, by hand. Needs nothing but Python; qpdf for the
encrypted one (Debian: qpdf)."""
import pathlib
import subprocess
import zlib

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "Tests/Fixtures/pdf"


def pdf(objects, trailer=b""):
    """The bytes of a file with these objects, numbered from 1; the first is the catalogue."""
    out, places = bytearray(b"%PDF-1.5\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for place in places:
        out += b"%010d 00000 n \n" % place
    return bytes(out + b"trailer\n<< /Size %d /Root 1 0 R %s>>\nstartxref\n%d\n%%%%EOF\n"
                 % (len(objects) + 1, trailer, start))


def stream(data, entries=b""):
    return b"<< /Length %d %s>>\nstream\n%s\nendstream" % (len(data), entries, data)


FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"


def lines(*texts):
    shown = b" ".join(b"(%s) Tj 0 -20 Td" % text.encode("cp1252") for text in texts)
    return b"BT /F1 12 Tf 72 720 Td %s ET" % shown


def document(contents, kids=None, count=None):
    """Pages that show these content streams."""
    pages = range(len(contents))
    kids = kids or b" ".join(b"%d 0 R" % (4 + 2 * page) for page in pages)
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>",
               b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, count or len(contents)), FONT]
    for page, content in zip(pages, contents):
        objects += [b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R"
                    b" /Resources << /Font << /F1 3 0 R >> >> >>" % (5 + 2 * page), content]
    return pdf(objects)


def write(name, data):
    (FOLDER / name).write_bytes(data)


write("pages.pdf", document([stream(lines("The dragon sleeps", "on gold in the café.")),
                             stream(lines("Page two speaks of harbours."))]))
subprocess.run(["qpdf", "--static-id", "--static-aes-iv", "--encrypt", "secret", "owner", "256", "--",
                FOLDER / "pages.pdf", FOLDER / "encrypted.pdf"], check=True)
whole = (FOLDER / "pages.pdf").read_bytes()
write("cut.pdf", whole[:200])
# A page tree that says that it has two thousand million pages, and is its own child.
write("endless-tree.pdf", document([stream(lines("first"))], kids=b"2 0 R " * 2000 + b"4 0 R", count=2_000_000_000))


def packed(piece, count, times):
    """`piece` again and again, compressed `times` times over."""
    engine = zlib.compressobj(9)
    data = b"".join(engine.compress(piece) for _ in range(count)) + engine.flush()
    for _ in range(times - 1):
        data = zlib.compress(data, 9)
    return stream(data, b"/Filter [%s] " % (b" ".join([b"/FlateDecode"] * times)))


# 4 GB of spaces in a content stream, packed twice.
write("space-bomb.pdf", document([packed(b" " * (1 << 20), 4096, 2)]))
