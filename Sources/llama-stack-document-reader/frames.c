#include "frames.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "pages.h"

enum { KEPT_BYTES = 4 << 20 };

static char *buffer;
static size_t capacity;

static int read_all(int socket, void *to, size_t size) {
    for (char *at = to; size > 0;) {
        ssize_t count = read(socket, at, size);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return 0;
        (at += count, size -= (size_t)count);
    }
    return 1;
}

static void give_back(void) {
    if (capacity <= KEPT_BYTES) return;
    free(buffer);
    (buffer = NULL, capacity = 0);
}

static int make_room(size_t size) {
    if (size <= capacity && capacity <= KEPT_BYTES) return 1;
    give_back();
    char *grown = realloc(buffer, size);
    if (!grown) return 0;
    (buffer = grown, capacity = size);
    return 1;
}

int frames_receive(int socket, reading *document) {
    uint64_t length;
    if (!read_all(socket, &length, sizeof length) || length < 2) return 0;
    if (length > SIZE_MAX / 2 || !make_room((size_t)length) || !read_all(socket, buffer, (size_t)length)) return 0;
    size_t charset = (unsigned char)buffer[1], head = 2 + charset;
    if (length < head || buffer[0] < 0 || buffer[0] > FORM_MAIL) return 0;
    *document = (reading){
        .as = (form)buffer[0],
        .charset = {buffer + 2, charset},
        .content = {buffer + head, (size_t)length - head},
        .give_back = give_back,
    };
    return 1;
}

static int write_all(int socket, struct iovec *parts, int count) {
    while (count > 0) {
        ssize_t written = writev(socket, parts, count);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return 0;
        while (count > 0 && (size_t)written >= parts->iov_len) {
            written -= (ssize_t)parts->iov_len;
            (parts++, count--);
        }
        if (count > 0) {
            parts->iov_base = (char *)parts->iov_base + written;
            parts->iov_len -= (size_t)written;
        }
    }
    return 1;
}

static struct iovec part(const void *bytes, size_t size) { return (struct iovec){(void *)bytes, size}; }

int frames_send(int socket, const reading *document) {
    const char *encoding = document->encoding ? document->encoding : "";
    unsigned char head[3] = {
        (unsigned char)document->how, (unsigned char)document->is_guess, (unsigned char)strlen(encoding),
    };
    unsigned char reason = (unsigned char)strlen(document->reason);
    uint64_t length = sizeof head + head[2] + 1 + reason + document->text.size;
    const char *at = document->text.bytes, *end = at + document->text.size;
    size_t some = document->text.size < PAGES_AT_ONCE ? document->text.size : PAGES_AT_ONCE;
    struct iovec parts[] = {
        part(&length, sizeof length), part(head, sizeof head), part(encoding, head[2]), part(&reason, 1),
        part(document->reason, reason), part(at, some),
    };
    if (!write_all(socket, parts, sizeof parts / sizeof *parts)) return 0;
    // The provider has a copy of what it was sent.
    while ((at += some) < end) {
        pages_forget(at - some, at);
        some = (size_t)(end - at) < PAGES_AT_ONCE ? (size_t)(end - at) : PAGES_AT_ONCE;
        struct iovec next = part(at, some);
        if (!write_all(socket, &next, 1)) return 0;
    }
    return 1;
}
