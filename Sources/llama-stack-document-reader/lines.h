// The text that is read from a document: runs of white space made one, a line for each block.
#ifndef LINES_H
#define LINES_H
#include <stddef.h>

/// The gap between two words: the strongest that was requested since the last word.
typedef enum { GAP_NONE, GAP_SPACE, GAP_CELL, GAP_LINE } gap;

/// Empties the text. A longer one than `size_max` ends the document.
void lines_begin(size_t size_max);
/// Forgets what was written.
void lines_restart(void);
void lines_gap(gap wanted);
/// No more than this, whatever was asked for before.
void lines_narrow(gap most);
/// UTF-8; white space in it is a space, or a line's end where `keeps_lines`.
void lines_append(const char *bytes, size_t size, int keeps_lines);
/// As it is, indentation and all, beginning on a new line.
void lines_append_verbatim(const char *bytes, size_t size);
/// How much has been written: the same when nothing has since.
size_t lines_place(void);
const char *lines_text(size_t *size);

#endif
