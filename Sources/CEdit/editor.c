#define _GNU_SOURCE
#include "editor.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char paste_on[] = "\033[?2004h", paste_off[] = "\033[?2004l", paste_end[] = "\033[201~";
/// A paste over this is cut: it would be over every model's context.
enum { paste_bytes_max = 16 << 20 };

static void put(const cedit *editor, const char *text) { cedit_put(editor->output, text, strlen(text)); }

static cedit *editor_of(EditLine *el) {
    cedit *editor = NULL;
    cedit_lib.el_wget(el, EL_CLIENTDATA, &editor);
    return editor;
}

// MARK: Keys

static unsigned char interrupt(EditLine *el, wint_t key) {
    (void)key;
    editor_of(el)->is_interrupted = true;
    // The key that ends a text puts the cursor below all its rows.
    cedit_lib.el_wpush(el, L"\n");
    return CC_NORM;
}

/// ^Z, which the terminal does not send as a signal while a line is edited.
static unsigned char suspend(EditLine *el, wint_t key) {
    (void)key;
    cedit *editor = editor_of(el);
    put(editor, paste_off);
    cedit_lib.el_wset(el, EL_PREP_TERM, 0);
    // The others of the job; then this process, by a signal of this thread's own. One to the process may be taken by
    // another thread, while this one has the terminal's mode changed back before all stop.
    struct sigaction before, ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGTSTP, &ignore, &before);
    kill(0, SIGTSTP);
    sigaction(SIGTSTP, &before, NULL);
    sigset_t stop, mask;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTSTP);
    pthread_sigmask(SIG_UNBLOCK, &stop, &mask);
    pthread_kill(pthread_self(), SIGTSTP);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    cedit_lib.el_wset(el, EL_PREP_TERM, 1);
    put(editor, paste_on);
    return CC_REDISPLAY;
}

static unsigned char newline(EditLine *el, wint_t key) {
    (void)key;
    return cedit_lib.el_winsertstr(el, L"\n") == 0 ? CC_REFRESH : CC_ERROR;
}

static unsigned char join(EditLine *el, wint_t key) {
    (void)key;
    cedit *editor = editor_of(el);
    const LineInfoW *line = cedit_lib.el_wline(el);
    wchar_t next = editor->joining;
    editor->joining = 0;
    if (!next || line->cursor == line->buffer) return CC_ERROR;
    wchar_t text[2] = {cedit_joined(editor->clusters, line->cursor[-1], next), 0};
    if (text[0] != next) cedit_lib.el_deletestr(el, 1);
    return cedit_lib.el_winsertstr(el, text) == 0 ? CC_REFRESH : CC_ERROR;
}

/// All up to the end of the paste, as one text at the cursor.
static unsigned char paste(EditLine *el, wint_t key) {
    (void)key;
    cedit *editor = editor_of(el);
    size_t count = 0, room = 0, end = sizeof paste_end - 1;
    char *bytes = NULL;
    while (count < end || memcmp(bytes + count - end, paste_end, end) != 0) {
        int next = cedit_byte(editor);
        if (next < 0) break;
        if (count == room) {
            char *more = realloc(bytes, room = room ? 2 * room : 4096);
            if (!more) break;
            bytes = more;
        }
        // What is over the limit is read, so that it is not taken for keys.
        if (count == paste_bytes_max) {
            memmove(bytes + count - end, bytes + count - end + 1, end - 1);
            count--;
        }
        bytes[count++] = (char)next;
    }
    if (count >= end && memcmp(bytes + count - end, paste_end, end) == 0) count -= end;
    wchar_t *line = cedit_line_of(editor->clusters, bytes ? bytes : "", count);
    free(bytes);
    bool is_done = line && (!*line || cedit_lib.el_winsertstr(el, line) == 0);
    free(line);
    return is_done ? CC_REFRESH : CC_ERROR;
}

static void bind(EditLine *el, const wchar_t *keys, const wchar_t *function) {
    cedit_lib.el_wset(el, EL_BIND, keys, function, NULL);
}

static void bind_keys(EditLine *el) {
    cedit_lib.el_wset(el, EL_EDITOR, L"emacs");
    bind(el, L"^R", L"em-inc-search-prev");
    bind(el, L"^W", L"ed-delete-prev-word");
    bind(el, L"\\e[3~", L"ed-delete-next-char");
    bind(el, L"\\e[H", L"ed-move-to-beg");
    bind(el, L"\\e[F", L"ed-move-to-end");
    bind(el, L"\\e[1~", L"ed-move-to-beg");
    bind(el, L"\\e[4~", L"ed-move-to-end");
    bind(el, L"\\e[1;5C", L"em-next-word");
    bind(el, L"\\e[1;5D", L"ed-prev-word");
    // The person's own .editrc, which may say `bind -v`.
    cedit_lib.el_source(el, NULL);
    cedit_lib.el_wset(el, EL_ADDFN, L"stack-interrupt", L"Give up this text", interrupt);
    cedit_lib.el_wset(el, EL_ADDFN, L"stack-suspend", L"Stop the program, as ^Z does", suspend);
    cedit_lib.el_wset(el, EL_ADDFN, L"stack-newline", L"Begin a new line of the same text", newline);
    cedit_lib.el_wset(el, EL_ADDFN, L"stack-join", L"Add to the character before", join);
    cedit_lib.el_wset(el, EL_ADDFN, L"stack-paste", L"Take what is pasted as one text", paste);
    bind(el, L"^C", L"stack-interrupt");
    bind(el, L"^Z", L"stack-suspend");
    bind(el, L"\\e\\r", L"stack-newline");
    bind(el, L"\\e\\n", L"stack-newline");
    bind(el, L"^^", L"stack-join");
    bind(el, L"\\e[200~", L"stack-paste");
}

// MARK: Life

static wchar_t *prompt_of(EditLine *el) { return editor_of(el)->prompt; }

cedit *cedit_open(const char *program, int input, int output) {
    cedit *editor = calloc(1, sizeof *editor);
    if (!editor) return NULL;
    editor->input = input;
    editor->output = output;
    editor->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (!editor->locale) editor->locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    editor->clusters = cedit_clusters_make();
    editor->screen = editor->clusters ? cedit_screen(editor->clusters, output) : NULL;
    // libedit wants a stream and reads from none.
    editor->in = fopen("/dev/null", "re");
    editor->history = cedit_lib.history_winit();
    if (editor->locale && editor->screen && editor->in && editor->history) {
        locale_t before = uselocale(editor->locale);
        HistEventW event;
        cedit_lib.history_w(editor->history, &event, H_SETSIZE, 1000);
        cedit_lib.history_w(editor->history, &event, H_SETUNIQUE, 1);
        editor->el =
            cedit_lib.el_init_fd(program, editor->in, editor->screen, editor->screen, input, output, output);
        if (editor->el) {
            cedit_lib.el_wset(editor->el, EL_CLIENTDATA, editor);
            cedit_lib.el_wset(editor->el, EL_GETCFN, cedit_next);
            cedit_lib.el_wset(editor->el, EL_PROMPT, prompt_of);
            cedit_lib.el_wset(editor->el, EL_HIST, cedit_lib.history_w, editor->history);
            // ^C and ^Z are keys while a line is edited; CR and LF of a paste are one newline, not two.
            cedit_lib.el_wset(editor->el, EL_SETTY, L"-d", L"-isig", L"-icrnl", L"-inlcr", NULL);
            bind_keys(editor->el);
        }
        uselocale(before);
    }
    if (editor->el) return editor;
    cedit_close(editor);
    return NULL;
}

void cedit_close(cedit *editor) {
    if (editor->el) cedit_lib.el_end(editor->el);
    if (editor->history) cedit_lib.history_wend(editor->history);
    if (editor->screen) fclose(editor->screen);
    if (editor->in) fclose(editor->in);
    cedit_clusters_free(editor->clusters);
    if (editor->locale) freelocale(editor->locale);
    free(editor);
}

// MARK: Texts

void cedit_remember(cedit *editor, const char *text) {
    locale_t before = uselocale(editor->locale);
    wchar_t *line = cedit_line_of(editor->clusters, text, strlen(text));
    HistEventW event;
    if (line && *line) cedit_lib.history_w(editor->history, &event, H_ENTER, line);
    free(line);
    uselocale(before);
}

cedit_result cedit_read(cedit *editor, const char *prompt, char **text) {
    *text = NULL;
    locale_t before = uselocale(editor->locale);
    if (mbstowcs(editor->prompt, prompt, sizeof editor->prompt / sizeof *editor->prompt - 1) == (size_t)-1)
        *editor->prompt = 0;
    editor->is_interrupted = false;
    cedit_watch_size();
    put(editor, paste_on);
    // The size may have changed while nothing was read.
    cedit_lib.el_resize(editor->el);
    // Before the prompt is drawn: from then on ^C and ^D are keys.
    cedit_lib.el_wset(editor->el, EL_PREP_TERM, 1);
    int count = 0;
    const wchar_t *line = cedit_lib.el_wgets(editor->el, &count);
    put(editor, paste_off);
    cedit_unwatch_size();
    cedit_result result = CEDIT_END;
    if (editor->is_interrupted) {
        result = CEDIT_INTERRUPTED;
    } else if (line && count > 0) {
        if (line[count - 1] == '\n') count--;
        *text = cedit_text_of(editor->clusters, line, (size_t)count);
        result = *text ? CEDIT_TEXT : CEDIT_END;
    } else {
        put(editor, "\n");
    }
    uselocale(before);
    return result;
}
