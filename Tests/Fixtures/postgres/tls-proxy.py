"""Encrypts what goes to a PostgreSQL server that can't do it itself, and asks each client for its certificate.

    tls-proxy.py FOLDER SOCKET     (FOLDER has server.crt, server.key and client.crt; says the port it listens on)
"""

import select
import socket
import ssl
import sys
import threading

REQUEST = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")


def serve(client, context, path):
    try:
        first = client.recv(8, socket.MSG_WAITALL)
        if first != REQUEST:
            return
        client.sendall(b"S")
        encrypted = context.wrap_socket(client, server_side=True)
        server = socket.socket(socket.AF_UNIX)
        server.connect(path)
        copy(encrypted, server)
    except OSError:
        pass
    finally:
        client.close()


def copy(encrypted, server):
    while True:
        # What is decrypted already shows in no select.
        ready = [encrypted] if encrypted.pending() else select.select([encrypted, server], [], [])[0]
        for source in ready:
            data = source.recv(65536)
            if not data:
                return
            (server if source is encrypted else encrypted).sendall(data)


def main():
    folder, path = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder + "/server.crt", folder + "/server.key")
    context.load_verify_locations(folder + "/client.crt")
    context.verify_mode = ssl.CERT_REQUIRED
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client, context, path), daemon=True).start()


main()
