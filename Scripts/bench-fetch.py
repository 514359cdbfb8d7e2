#!/usr/bin/env python3
"""What a GET over TLS takes through the host's network service, beside curl's own command: 1 MB and 1 KB from a server on
this machine, each side over one connection that is kept.

    Scripts/bench-fetch.py [--rounds 5] [--binary .build/release/llama-stack-torture]

The two take turns in rounds. curl's time of a transfer is its own (`time_total`), without the start of its process and
without the handshake, since the first transfer of each command is left out, as ours is.
"""
import argparse
import http.server
import os
import pathlib
import re
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parents[1]
SIZES = {"1m": 1 << 20, "1k": 1 << 10}
COUNTS = {"1m": 100, "1k": 400}


class Origin(http.server.BaseHTTPRequestHandler):
    """Answers /1m and /1k with as many bytes."""

    protocol_version = "HTTP/1.1"
    bodies = {f"/{name}": os.urandom(size) for name, size in SIZES.items()}

    def do_GET(self):
        body = self.bodies[self.path]
        # One write, so that no packet waits for another's acknowledgement.
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nContent-Type: application/octet-stream\r\n\r\n"
        self.wfile.write(head.encode() + body)

    def log_message(self, *arguments):
        pass


def serve(folder):
    """A server with a certificate of its own for localhost; answers its port and the certificate's file."""
    certificate, key = folder / "ca.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out",
         certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Origin)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1], certificate


def curl(url, certificate, count):
    """The median milliseconds of a transfer, by curl's own clock."""
    output = subprocess.run(
        ["curl", "--silent", "--show-error", "--fail", "--cacert", certificate, "--write-out", "%{time_total}\n"]
        + ["--output", "/dev/null", url] * (count + 1), check=True, capture_output=True, text=True).stdout
    return statistics.median(float(line) * 1000 for line in output.split()[1:])


def ours(binary, url, certificate, count):
    """The same through the service."""
    output = subprocess.run(
        [binary, "network", url, str(count), certificate], check=True, capture_output=True, text=True)
    return int(re.search(r"p50 (\d+) µs", output.stdout + output.stderr)[1]) / 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--binary", default=ROOT / ".build/release/llama-stack-torture")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("--rounds must be at least 1")
    with tempfile.TemporaryDirectory(prefix="llama-stack-bench-") as folder:
        port, certificate = serve(pathlib.Path(folder))
        print(f"load {os.getloadavg()[0]:.1f}", file=sys.stderr)
        for name, count in COUNTS.items():
            url = f"https://localhost:{port}/{name}"
            samples = [], []
            for _ in range(options.rounds):
                samples[0].append(curl(url, certificate, count))
                samples[1].append(ours(options.binary, url, certificate, count))
            peer, own = map(statistics.median, samples)
            print(f"{name}: curl {peer:.3f} ms, the service {own:.3f} ms: {own / peer:.2f}x, {own - peer:+.3f} ms "
                  f"(medians of {options.rounds} rounds of {count})")


if __name__ == "__main__":
    main()
