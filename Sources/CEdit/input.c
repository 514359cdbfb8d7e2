// What comes from the terminal, character by character.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "editor.h"

// MARK: Changes of the size

/// Written to by the handler, which may run on any thread.
static int changes[2] = {-1, -1};
static struct sigaction before;

static void size_changed(int number) {
    (void)number;
    int error = errno;
    ssize_t written = write(changes[1], "", 1);
    (void)written;
    errno = error;
}

void cedit_watch_size(void) {
    if (changes[0] < 0 && pipe2(changes, O_CLOEXEC | O_NONBLOCK) != 0) return;
    struct sigaction action = {.sa_handler = size_changed, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGWINCH, &action, &before);
}

void cedit_unwatch_size(void) {
    if (changes[0] >= 0) sigaction(SIGWINCH, &before, NULL);
}

/// How many rows of the terminal lie above the cursor's, from the prompt's on.
static int rows_above(const cedit *editor, int columns) {
    int row = 0, column = (int)wcslen(editor->prompt);
    const LineInfoW *line = cedit_lib.el_wline(editor->el);
    for (const wchar_t *next = line->buffer; next < line->cursor; next++) {
        int width = *next == '\t' ? 8 - column % 8 : wcwidth(*next);
        if (width < 0) width = 2;  // a control character, as ^X
        if (*next == '\n' || column + width > columns) row++, column = 0;
        if (*next != '\n') column += width;
    }
    return row + (column >= columns);
}

/// A terminal that changes its width breaks its rows anew; so the text is drawn again from where its first row is now.
static void redraw(cedit *editor) {
    char bytes[64];
    while (read(changes[0], bytes, sizeof bytes) > 0) {}
    struct winsize size = {0};
    if (ioctl(editor->output, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        int rows = rows_above(editor, size.ws_col);
        if (rows >= size.ws_row) rows = size.ws_row - 1;
        char text[32];
        int count = snprintf(text, sizeof text, rows > 0 ? "\r\033[%dA\033[J" : "\r\033[J", rows);
        cedit_put(editor->output, text, (size_t)count);
    }
    cedit_lib.el_resize(editor->el);
    cedit_lib.el_wset(editor->el, EL_REFRESH);
}

// MARK: Bytes

int cedit_byte(cedit *editor) {
    while (editor->first == editor->end) {
        struct pollfd asked[] = {{.fd = editor->input, .events = POLLIN}, {.fd = changes[0], .events = POLLIN}};
        if (poll(asked, 2, -1) < 0) {
            if (errno == EINTR) continue;
            return -1;
        }
        if (asked[1].revents & POLLIN) redraw(editor);
        if (!asked[0].revents) continue;
        ssize_t count = read(editor->input, editor->bytes, sizeof editor->bytes);
        if (count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN)) return -1;
        editor->first = 0;
        editor->end = count > 0 ? (size_t)count : 0;
    }
    return (unsigned char)editor->bytes[editor->first++];
}

// MARK: Characters

/// WEOF at the end; U+FFFD for what is no UTF-8.
static wint_t character(cedit *editor) {
    mbstate_t state = {0};
    for (int count = 1;; count++) {
        int next = cedit_byte(editor);
        if (next < 0) return WEOF;
        char byte = (char)next;
        wchar_t found;
        size_t length = mbrtowc(&found, &byte, 1, &state);
        if (length == (size_t)-2) continue;
        if (length != (size_t)-1) return (wint_t)(length == 0 ? 0 : found);
        // The byte that does not go on begins something else.
        if (count > 1) editor->first--;
        return 0xFFFD;
    }
}

int cedit_next(EditLine *el, wchar_t *found) {
    cedit *editor = NULL;
    if (cedit_lib.el_wget(el, EL_CLIENTDATA, &editor) != 0 || !editor) return -1;
    wint_t next = character(editor);
    if (next == WEOF) return 0;
    const LineInfoW *line = cedit_lib.el_wline(el);
    wchar_t last = line->cursor > line->buffer ? line->cursor[-1] : 0;
    if (cedit_joins(editor->clusters, last, (wchar_t)next)) {
        editor->joining = (wchar_t)next;
        *found = cedit_join_key;
    } else {
        *found = cedit_single(editor->clusters, (wchar_t)next);
    }
    return 1;
}
