// Lines that a person edits at a terminal: the system's libedit, which is opened for the first editor and not linked.
//
// An editor belongs to one thread at a time. The encoding is UTF-8, whatever the process's locale. What a reader takes
// for one character (a letter with its marks, an emoji of several parts) is moved over and deleted as one. Several
// lines that are pasted are one text (bracketed paste), with newlines between them.
#ifndef CEDIT_H
#define CEDIT_H

#include <stdbool.h>

typedef struct cedit cedit;

typedef enum {
    CEDIT_TEXT,
    /// ^D on an empty line, or the terminal is gone.
    CEDIT_END,
    /// ^C.
    CEDIT_INTERRUPTED,
} cedit_result;

/// NULL, or why there is no libedit. Any thread.
const char *cedit_load(void);

/// An editor that reads from one descriptor and draws on another, both of a terminal; NULL where libedit can't work on
/// it. cedit_load has returned NULL.
cedit *cedit_open(const char *program, int input, int output);
void cedit_close(cedit *editor);

/// Adds a text to those that the arrow keys bring back.
void cedit_remember(cedit *editor, const char *text);

/// Reads one text; blocks until its end. *text is for the caller to free, and NULL unless CEDIT_TEXT is returned.
cedit_result cedit_read(cedit *editor, const char *prompt, char **text);

#endif
