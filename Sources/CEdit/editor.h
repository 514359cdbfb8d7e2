// An editor's parts, which editor.c and input.c share.
#ifndef CEDIT_EDITOR_H
#define CEDIT_EDITOR_H

#include <locale.h>
#include <stdio.h>

#include "cedit.h"
#include "clusters.h"
#include "functions.h"
#include "screen.h"

struct cedit {
    EditLine *el;
    HistoryW *history;
    cedit_clusters *clusters;
    FILE *in, *screen;
    int input, output;
    // LC_CTYPE of UTF-8, in force for the thread that reads and no other.
    locale_t locale;
    wchar_t prompt[64];
    bool is_interrupted;
    // Bytes that came and are not read yet.
    char bytes[4096];
    size_t first, end;
    // A character that joins the one before the cursor, on its way to cedit_join.
    wchar_t joining;
};

/// The key that libedit gets in place of a character that joins the one before: a key that is bound to its joining.
enum { cedit_join_key = 0x1E };

/// el_rfunc_t: the next character, as the terminal sends it or cedit_join_key.
int cedit_next(EditLine *el, wchar_t *character);

/// The next byte, or -1 at the end. Redraws when the terminal has changed its size meanwhile.
int cedit_byte(cedit *editor);

/// Counts the changes of the terminal's size from now on, until cedit_unwatch_size.
void cedit_watch_size(void);
void cedit_unwatch_size(void);

#endif
