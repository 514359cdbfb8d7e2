#define _GNU_SOURCE
#include "screen.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    const cedit_clusters *clusters;
    int descriptor;
    // The beginning of a character whose end is still to come.
    char rest[4];
    size_t rest_count;
} screen;

void cedit_put(int descriptor, const char *bytes, size_t count) {
    while (count > 0) {
        ssize_t written = write(descriptor, bytes, count);
        if (written > 0) {
            bytes += written;
            count -= (size_t)written;
        } else if (written < 0 && errno == EAGAIN) {
            struct pollfd asked = {.fd = descriptor, .events = POLLOUT};
            poll(&asked, 1, -1);
        } else if (written == 0 || errno != EINTR) {
            return;
        }
    }
}

static size_t length_of(unsigned char first) { return first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4; }

/// Stand-ins take four bytes; everything else goes through as it is.
static void draw(screen *screen, const char *bytes, size_t length) {
    wchar_t character;
    mbstate_t state = {0};
    if (length == 4 && mbrtowc(&character, bytes, length, &state) == 4) {
        const wchar_t *text = cedit_expansion(screen->clusters, character);
        char *shown = text ? cedit_text_of(NULL, text, cedit_drawn(text)) : NULL;
        if (shown) {
            // A mark without a letter stands on a dotted circle.
            if (wcwidth(*text) == 0) cedit_put(screen->descriptor, "\u25CC", 3);
            cedit_put(screen->descriptor, shown, strlen(shown));
            free(shown);
            return;
        }
    }
    cedit_put(screen->descriptor, bytes, length);
}

static ssize_t write_screen(void *cookie, const char *bytes, size_t count) {
    screen *screen = cookie;
    size_t at = 0;
    while (screen->rest_count > 0 && at < count) {
        screen->rest[screen->rest_count++] = bytes[at++];
        if (screen->rest_count < length_of((unsigned char)screen->rest[0])) continue;
        draw(screen, screen->rest, screen->rest_count);
        screen->rest_count = 0;
    }
    size_t plain = at;
    while (at < count) {
        size_t length = length_of((unsigned char)bytes[at]);
        if (length < 4 && at + length <= count) {
            at += length;
            continue;
        }
        cedit_put(screen->descriptor, bytes + plain, at - plain);
        if (at + length > count) {
            screen->rest_count = count - at;
            memcpy(screen->rest, bytes + at, screen->rest_count);
            return (ssize_t)count;
        }
        draw(screen, bytes + at, length);
        at += length;
        plain = at;
    }
    cedit_put(screen->descriptor, bytes + plain, at - plain);
    return (ssize_t)count;
}

static int close_screen(void *cookie) {
    free(cookie);
    return 0;
}

FILE *cedit_screen(const cedit_clusters *clusters, int descriptor) {
    screen *cookie = calloc(1, sizeof *cookie);
    if (!cookie) return NULL;
    cookie->clusters = clusters;
    cookie->descriptor = descriptor;
    FILE *file = fopencookie(cookie, "w", (cookie_io_functions_t){.write = write_screen, .close = close_screen});
    if (!file) free(cookie);
    return file;
}
