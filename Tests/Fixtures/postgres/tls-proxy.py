"""Encrypts what goes to a PostgreSQL server that can't do it itself, and asks each client for its certificate.

    tls-proxy.py FOLDER SOCKET     (FOLDER has server.crt, server.key and client.crt; says the port it listens on)
"""

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
        threading.Thread(target=copy, args=(server, encrypted), daemon=True).start()
        copy(encrypted, server)
    except OSError:
        pass
    finally:
        client.close()


def copy(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    try:
        target.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


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
