#include "CTestTLS.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

static SSL_CTX *context_of(test_tls_server *server) { return (SSL_CTX *)server; }
static SSL *ssl_of(test_tls_connection *connection) { return (SSL *)connection; }

test_tls_server *test_tls_server_open(const char *certificate_path, const char *key_path) {
    ERR_clear_error();
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (context == NULL) return NULL;
    if (SSL_CTX_use_certificate_chain_file(context, certificate_path) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, key_path, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1) {
        SSL_CTX_free(context);
        return NULL;
    }
    return (test_tls_server *)context;
}

void test_tls_server_close(test_tls_server *server) { SSL_CTX_free(context_of(server)); }

test_tls_connection *test_tls_connection_accept(test_tls_server *server, int descriptor) {
    ERR_clear_error();
    SSL *ssl = SSL_new(context_of(server));
    if (ssl == NULL) return NULL;
    if (SSL_set_fd(ssl, descriptor) != 1 || SSL_accept(ssl) != 1) {
        SSL_free(ssl);
        return NULL;
    }
    return (test_tls_connection *)ssl;
}

static int clamped(size_t size) { return size > INT_MAX ? INT_MAX : (int)size; }

long test_tls_read(test_tls_connection *connection, void *buffer, size_t size) {
    ERR_clear_error();
    return SSL_read(ssl_of(connection), buffer, clamped(size));
}

long test_tls_write(test_tls_connection *connection, const void *bytes, size_t size) {
    ERR_clear_error();
    return SSL_write(ssl_of(connection), bytes, clamped(size));
}

void test_tls_connection_close(test_tls_connection *connection) {
    // One way only: the client's own goodbye is not waited for. After a fatal error this does nothing.
    SSL_shutdown(ssl_of(connection));
    SSL_free(ssl_of(connection));
    ERR_clear_error();
}

void test_tls_error(char *buffer, size_t size) { ERR_error_string_n(ERR_peek_last_error(), buffer, size); }
