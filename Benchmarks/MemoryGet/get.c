// Both sides of `make bench-memory-get`: documents read as a C programmer would, and a client that asks a server for
// them.
//
//   get read DATABASE BANK COUNT ROUNDS    sqlite3, one prepared statement, base64, JSON into a buffer
//   get ask PORT BANK COUNT ROUNDS         POST /memory_bank/get over one kept-alive connection
//
// Documents are called d0, d1, …; each round asks for COUNT of them. Prints the bytes of an answer, and p50 and p99 of
// the time for one, in microseconds. A fifth of the rounds come before, unmeasured.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void fail(const char *what) {
    fprintf(stderr, "get: %s\n", what);
    exit(1);
}

static double microseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

typedef struct {
    char *bytes;
    size_t size, capacity;
} buffer;

static void reserve(buffer *to, size_t more) {
    if (to->size + more <= to->capacity) return;
    to->capacity = (to->size + more) * 2;
    to->bytes = realloc(to->bytes, to->capacity);
    if (!to->bytes) fail("no memory");
}

static void add(buffer *to, const char *bytes, size_t size) {
    reserve(to, size);
    memcpy(to->bytes + to->size, bytes, size);
    to->size += size;
}

static void add_text(buffer *to, const char *text) { add(to, text, strlen(text)); }

static void add_string(buffer *to, const unsigned char *text, size_t size) {
    static const char hex[] = "0123456789abcdef";
    reserve(to, size * 6 + 2);
    char *out = to->bytes + to->size;
    *out++ = '"';
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = text[i];
        if (byte == '"' || byte == '\\') {
            *out++ = '\\', *out++ = (char)byte;
        } else if (byte < 0x20) {
            memcpy(out, "\\u00", 4);
            out += 4;
            *out++ = hex[byte >> 4], *out++ = hex[byte & 15];
        } else {
            *out++ = (char)byte;
        }
    }
    *out++ = '"';
    to->size = (size_t)(out - to->bytes);
}

static void add_base64(buffer *to, const uint8_t *in, size_t size) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    reserve(to, (size + 2) / 3 * 4 + 2);
    char *out = to->bytes + to->size;
    *out++ = '"';
    size_t i = 0;
    for (; i + 2 < size; i += 3) {
        uint32_t three = (uint32_t)in[i] << 16 | (uint32_t)in[i + 1] << 8 | in[i + 2];
        *out++ = digits[three >> 18], *out++ = digits[three >> 12 & 63];
        *out++ = digits[three >> 6 & 63], *out++ = digits[three & 63];
    }
    if (i < size) {
        uint32_t rest = (uint32_t)in[i] << 16 | (i + 1 < size ? (uint32_t)in[i + 1] << 8 : 0);
        *out++ = digits[rest >> 18], *out++ = digits[rest >> 12 & 63];
        *out++ = i + 1 < size ? digits[rest >> 6 & 63] : '=';
        *out++ = '=';
    }
    *out++ = '"';
    to->size = (size_t)(out - to->bytes);
}

typedef struct {
    sqlite3 *db;
    sqlite3_stmt *begin, *bank, *document, *end;
} store;

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql) {
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) != SQLITE_OK)
        fail(sqlite3_errmsg(db));
    return statement;
}

static void run(sqlite3_stmt *statement) {
    if (sqlite3_step(statement) != SQLITE_DONE) fail("a statement failed");
    sqlite3_reset(statement);
}

// One answer, as the server gives it: a line a document.
static void read_documents(store *store, const char *bank, int count, buffer *out) {
    char id[32];
    out->size = 0;
    run(store->begin);
    sqlite3_bind_text(store->bank, 1, bank, -1, SQLITE_STATIC);
    if (sqlite3_step(store->bank) != SQLITE_ROW) fail("there is no such bank");
    sqlite3_int64 row = sqlite3_column_int64(store->bank, 0);
    sqlite3_reset(store->bank);
    for (int i = 0; i < count; i++) {
        sqlite3_stmt *document = store->document;
        int size = snprintf(id, sizeof id, "d%d", i);
        sqlite3_bind_int64(document, 1, row);
        sqlite3_bind_text(document, 2, id, size, SQLITE_STATIC);
        if (sqlite3_step(document) == SQLITE_ROW) {
            add_text(out, "{\"uuid\":");
            add_string(out, (const unsigned char *)id, (size_t)size);
            add_text(out, ",\"content\":");
            add_base64(out, sqlite3_column_blob(document, 0), (size_t)sqlite3_column_bytes(document, 0));
            add_text(out, ",\"metadata\":");
            add(out, sqlite3_column_blob(document, 1), (size_t)sqlite3_column_bytes(document, 1));
            add_text(out, ",\"mime_type\":");
            add_string(out, sqlite3_column_text(document, 2), (size_t)sqlite3_column_bytes(document, 2));
            add_text(out, "}\n");
        }
        sqlite3_reset(document);
    }
    run(store->end);
}

static void send_all(int to, const char *bytes, size_t size) {
    for (size_t done = 0; done < size;) {
        ssize_t count = send(to, bytes + done, size - done, MSG_NOSIGNAL);
        if (count <= 0) fail("the server closed");
        done += (size_t)count;
    }
}

// Sends the request and reads the whole answer; it must be 200 and say its length.
static void ask(int server, const buffer *request, buffer *reply) {
    send_all(server, request->bytes, request->size);
    size_t wanted = 0;
    reply->size = 0;
    while (wanted == 0 || reply->size < wanted) {
        reserve(reply, 1 << 18);
        ssize_t count = recv(server, reply->bytes + reply->size, reply->capacity - reply->size - 1, 0);
        if (count <= 0) fail("the server closed");
        reply->size += (size_t)count;
        reply->bytes[reply->size] = 0;
        char *body = wanted ? NULL : strstr(reply->bytes, "\r\n\r\n");
        if (!body) continue;
        char *length = strcasestr(reply->bytes, "\r\ncontent-length:");
        if (strncmp(reply->bytes, "HTTP/1.1 200", 12) != 0 || !length || length > body) fail(reply->bytes);
        wanted = (size_t)(body + 4 - reply->bytes) + strtoul(length + 17, NULL, 10);
    }
}

static int connect_to(int port) {
    int server = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(server, (struct sockaddr *)&address, sizeof address) != 0) fail("there is no server");
    setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return server;
}

static buffer request_for(int port, const char *bank, int count) {
    buffer body = {0}, request = {0};
    char text[256];
    for (int i = 0; i < count; i++) {
        snprintf(text, sizeof text, "%s\"d%d\"", i ? "," : "[", i);
        add_text(&body, text);
    }
    add_text(&body, "]");
    snprintf(text, sizeof text,
             "POST /memory_bank/get?bank_uuid=%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
             "Content-Length: %zu\r\n\r\n",
             bank, port, body.size);
    add_text(&request, text);
    add(&request, body.bytes, body.size);
    return request;
}

int main(int argc, char **argv) {
    if (argc != 6) fail("usage: get read DATABASE BANK COUNT ROUNDS | get ask PORT BANK COUNT ROUNDS");
    const char *bank = argv[3];
    int reads = strcmp(argv[1], "read") == 0, count = atoi(argv[4]), rounds = atoi(argv[5]), before = rounds / 5;
    double *times = calloc((size_t)rounds, sizeof *times);
    buffer out = {0}, request = {0};
    store store = {0};
    int server = -1;
    if (reads) {
        if (sqlite3_open_v2(argv[2], &store.db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
            fail(sqlite3_errmsg(store.db));
        store.begin = prepare(store.db, "BEGIN");
        store.end = prepare(store.db, "COMMIT");
        store.bank = prepare(store.db, "SELECT id FROM bank WHERE uuid = ?");
        store.document = prepare(
            store.db, "SELECT content, metadata, mime_type FROM document WHERE bank = ? AND uuid = ?");
    } else {
        server = connect_to(atoi(argv[2]));
        request = request_for(atoi(argv[2]), bank, count);
    }
    for (int round = -before; round < rounds; round++) {
        double start = microseconds();
        if (reads) read_documents(&store, bank, count, &out);
        else ask(server, &request, &out);
        if (round >= 0) times[round] = microseconds() - start;
    }
    qsort(times, (size_t)rounds, sizeof *times, ascending);
    printf("%zu %.1f %.1f\n", out.size, times[rounds / 2], times[rounds * 99 / 100]);
    return 0;
}
