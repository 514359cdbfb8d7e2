/*
 * A child that speaks frames over descriptor 3 and breaks their rules. It answers `create` as it should; the first call
 * of its instance makes it send what HOSTILE_CASE says: a number of one of the cases below, or "fuzz", which is a
 * stream of valid frames with mistakes in it that follow from HOSTILE_SEED.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CALL = 1, WRITE, FINISH, CREDIT, CANCEL, LOG, METRIC, PING, PONG };
enum { HEADER = 16, STREAM_MAX = 1 << 20 };

static uint8_t stream[STREAM_MAX];
static size_t used;
static size_t starts[256];
static int frames;
static uint64_t state;

static uint64_t next(void) {
    state += 0x9E3779B97F4A7C15u;
    uint64_t v = state;
    v = (v ^ v >> 30) * 0xBF58476D1CE4E5B9u;
    v = (v ^ v >> 27) * 0x94D049BB133111EBu;
    return v ^ v >> 31;
}

static void add(const void *bytes, size_t size) {
    memcpy(stream + used, bytes, size);
    used += size;
}

static void number(uint64_t value, int size) { add(&value, (size_t)size); }

static void header(uint32_t size, int kind, int flag, uint64_t call) {
    starts[frames++] = used;
    number(size, 4);
    number((uint64_t)kind, 1);
    number((uint64_t)flag, 1);
    number(0, 2);
    number(call, 8);
}

static void frame(int kind, uint64_t call, const void *payload, size_t size) {
    header((uint32_t)size, kind, 0, call);
    add(payload, size);
}

static void piece(uint64_t call, int kind, const char *text) {
    uint8_t payload[4096];
    uint32_t size = (uint32_t)strlen(text);
    payload[0] = (uint8_t)kind;
    memcpy(payload + 1, &size, 4);
    memcpy(payload + 5, text, size);
    frame(WRITE, call, payload, 5 + size);
}

/* A call to the host, whose answer is that there is nobody. */
static void host_call(uint64_t call, uint64_t mapped, int flag) {
    uint8_t payload[256] = {0};
    size_t at = 8;
    memcpy(payload + at, &mapped, 8);
    at += 8;
    const char *spans[8] = {"inference", "chat_completion", "", "{}", "", "m", "", "req"};
    for (int i = 0; i < 8; i++) {
        uint32_t size = (uint32_t)strlen(spans[i]);
        memcpy(payload + at, &size, 4);
        memcpy(payload + at + 4, spans[i], size);
        at += 4 + size;
    }
    header((uint32_t)at, CALL, flag, call);
    add(payload, at);
}

static void text_frame(int kind, const char *text) { frame(kind, 0, text, strlen(text)); }

/* What comes with the first byte of `bytes`: nothing, or copies of a descriptor. */
static void send_all(const uint8_t *bytes, size_t size, int descriptor, int copies) {
    while (size > 0) {
        struct iovec part = {(void *)bytes, size};
        struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
        union {
            struct cmsghdr header;
            char bytes[CMSG_SPACE(sizeof(int) * 64)];
        } control = {0};
        if (copies > 0) {
            message.msg_control = control.bytes;
            message.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)copies);
            control.header.cmsg_level = SOL_SOCKET;
            control.header.cmsg_type = SCM_RIGHTS;
            control.header.cmsg_len = CMSG_LEN(sizeof(int) * (size_t)copies);
            for (int i = 0; i < copies; i++) memcpy(CMSG_DATA(&control.header) + i * (int)sizeof(int), &descriptor, sizeof(int));
        }
        ssize_t count = sendmsg(3, &message, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) _exit(0);
        bytes += count;
        size -= (size_t)count;
        copies = 0;
    }
}

static int memory(size_t size, int seals) {
    int file = memfd_create("hostile", MFD_ALLOW_SEALING);
    for (size_t i = 0; i < size; i++) (void)!write(file, "x", 1);
    fcntl(file, F_ADD_SEALS, seals);
    return file;
}

static const int all_seals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

/* Each ends the child with `provider_protocol_error`. */
static void break_rule(int which, uint64_t call) {
    int ends[2], descriptor = -1, copies = 0;
    switch (which) {
    case 0: header(0xFFFFFFFF, WRITE, 0, call); break;
    case 1: frame(0, call, "", 0); break;
    case 2: frame(200, call, "", 0); break;
    case 3: piece(call + 1000, 2, "{}"); break;
    case 4: piece(0, 2, "{}"); break;
    case 5: frame(FINISH, call, "", 0); frame(FINISH, call, "", 0); break;
    case 6: frame(FINISH, call, "", 0); piece(call, 2, "{}"); break;
    case 7: piece(call, 2, "a\nb"); break;
    case 8: piece(call, 1, "{"); piece(call, 2, "{}"); break;
    case 9: piece(call, 7, "{}"); break;
    case 10: text_frame(LOG, "not JSON"); break;
    case 11: text_frame(METRIC, "{}"); break;
    case 12: text_frame(PING, ""); break;
    case 13: frame(CANCEL, 9, "x", 1); break;
    case 14: frame(CREDIT, 9, "\xff\xff\xff\xff\xff\xff\xff\xff", 8); break;
    case 15: frame(CREDIT, 9, "", 0); break;
    case 16: frame(FINISH, call, "[]", 2); break;
    case 17: header(4, WRITE, 0, call); number(0xFFFFFFFF, 4); break;
    case 18: header(5, WRITE, 0, call); number(2, 1); number(0xFFFFFFFF, 4); break;
    case 19: host_call(9, 1, 1); break;
    case 20: host_call(9, 1, 1); (descriptor = memory(1, 0), copies = 1); break;
    case 21: host_call(9, 2, 1); (descriptor = memory(1, all_seals), copies = 1); break;
    case 22: host_call(9, 1, 1); (descriptor = pipe(ends) == 0 ? ends[0] : -1, copies = 1); break;
    case 23: host_call(9, 1, 1); (descriptor = memory(1, all_seals), copies = 60); break;
    case 24: header(5, WRITE, 1, call); number(2, 1); number(0, 4); (descriptor = memory(1, all_seals), copies = 1); break;
    case 25: text_frame(PONG, "{}"); (descriptor = memory(1, all_seals), copies = 1); break;
    case 26: piece(call, 0x80 | 2, "{"); break;
    case 27: header(1 << 20, LOG, 0, 0); break;
    case 28: frame(PONG, 0, "{}", 2); stream[starts[0] + 6] = 1; break;
    default: _exit(99);
    }
    send_all(stream, used, descriptor, copies);
}

static void valid_frames(uint64_t call) {
    for (int i = 0; i < 12; i++) {
        switch (next() % 9) {
        case 0: piece(call, 2, "{\"n\":1}"); break;
        case 1: piece(call, 2, ""); break;
        case 2: text_frame(LOG, "{\"level\":2,\"message\":\"said\",\"fields\":{\"a\":\"b\"}}"); break;
        case 3: text_frame(METRIC, "{\"kind\":1,\"name\":\"n\",\"value\":\"1.0\",\"labels\":{}}"); break;
        case 4: text_frame(PONG, "{\"seconds\":1.5}"); break;
        case 5: host_call(100 + next() % 4, 0, 0); break;
        case 6: host_call(200 + (uint64_t)i, 3, 1); break;
        case 7: frame(CANCEL, 100, "", 0); break;
        case 8: frame(CREDIT, 100, "\x10\0\0\0\0\0\0\0", 8); break;
        }
    }
    frame(FINISH, call, "", 0);
}

static void mutate(void) {
    for (uint64_t i = 1 + next() % 3; i > 0; i--) {
        uint8_t *at = stream + starts[next() % (uint64_t)frames];
        uint32_t lies[] = {0, 1, 0xFFFFFFFF, 0x7FFFFFFF, 16u << 20, (16u << 20) + 65, 15};
        uint64_t id = next();
        switch (next() % 6) {
        case 0: stream[next() % used] ^= (uint8_t)(1u << next() % 8); break;
        case 1: memcpy(at, &lies[next() % 7], 4); break;
        case 2: at[4] = (uint8_t)next() % 12; break;
        case 3: at[5] ^= 1; break;
        case 4: memcpy(at + 8, &id, 8); break;
        case 5: used -= next() % (used / 2); break;
        }
    }
}

static void fuzz(uint64_t call) {
    valid_frames(call);
    mutate();
    int good = memory(3, all_seals), bad = memory(3, F_SEAL_SEAL);
    for (int i = 0; i < frames && starts[i] < used; i++) {
        size_t end = i + 1 < frames && starts[i + 1] < used ? starts[i + 1] : used;
        int has = stream[starts[i] + 5] & 1;
        if (next() % 16 == 0) has = !has;
        send_all(stream + starts[i], end - starts[i], next() % 4 ? good : bad, next() % 32 ? has : 3);
    }
    if (next() % 4 == 0) _exit((int)(next() % 3));
    /* So that it ends, whatever was taken for a part of another frame. */
    shutdown(3, SHUT_WR);
}

static void read_all(uint8_t *bytes, size_t size) {
    while (size > 0) {
        ssize_t count = recv(3, bytes, size, 0);
        if (count <= 0) _exit(0);
        bytes += count;
        size -= (size_t)count;
    }
}

int main(void) {
    const char *what = getenv("HOSTILE_CASE"), *seed = getenv("HOSTILE_SEED");
    if (!what) return 64;
    state = seed ? strtoull(seed, NULL, 10) : 1;
    static uint8_t payload[1 << 20];
    for (;;) {
        uint8_t head[HEADER];
        uint32_t size;
        uint64_t call;
        read_all(head, sizeof head);
        memcpy(&size, head, 4);
        memcpy(&call, head + 8, 8);
        if (size > sizeof payload) return 65;
        read_all(payload, size);
        if (head[4] != CALL) continue;
        used = 0;
        frames = 0;
        if (memmem(payload, size < 64 ? size : 64, "child/invoke", 12)) {
            if (!strcmp(what, "fuzz")) fuzz(call);
            else break_rule(atoi(what), call);
            continue;
        }
        piece(call, 1, "{\"status\":0,\"error\":\"\"}");
        frame(FINISH, call, "", 0);
        send_all(stream, used, -1, 0);
    }
}
