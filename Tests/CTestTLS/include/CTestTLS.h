// The server's side of TLS over a connected socket, by the system's OpenSSL. For tests.
//
// Calls block as the socket does. A connection may be used by one thread at a time; writes to a closed socket raise
// SIGPIPE, which the caller blocks or ignores.
#pragma once

#include <stddef.h>

typedef struct test_tls_server test_tls_server;
typedef struct test_tls_connection test_tls_connection;

/// A server's certificate chain and its key, both PEM files. NULL: `test_tls_error` says why.
test_tls_server *test_tls_server_open(const char *certificate_path, const char *key_path);
void test_tls_server_close(test_tls_server *server);

/// The handshake with a client. NULL when the client broke it off, as one that refuses the certificate does.
/// `descriptor` stays the caller's, and must be open until `test_tls_connection_close`.
test_tls_connection *test_tls_connection_accept(test_tls_server *server, int descriptor);

/// Bytes read, at least one; 0 or less once the connection has ended.
long test_tls_read(test_tls_connection *connection, void *buffer, size_t size);
/// Bytes written, all of them; 0 or less when the connection has ended.
long test_tls_write(test_tls_connection *connection, const void *bytes, size_t size);

/// Tells the client that no more comes, where the client can still be told, and frees the connection.
void test_tls_connection_close(test_tls_connection *connection);

/// Why the calling thread's last call failed. `buffer` holds the text and its NUL.
void test_tls_error(char *buffer, size_t size);
