// What a reader takes for one character and Unicode writes with several (an extended grapheme cluster, UAX #29, nearly)
// as one character that stands for it, because libedit knows characters alone. The stand-ins are of a private plane,
// for clusters one column wide, and of a block of rare ideographs, for those two wide; text that really holds one of
// these gets a stand-in too.
#ifndef CEDIT_CLUSTERS_H
#define CEDIT_CLUSTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

typedef struct cedit_clusters cedit_clusters;

cedit_clusters *cedit_clusters_make(void);
void cedit_clusters_free(cedit_clusters *all);

/// Whether a character belongs to the one before it, which may be a stand-in.
bool cedit_joins(const cedit_clusters *all, wchar_t before, wchar_t next);

/// The stand-in for both together; `next` itself where there is no room for more.
wchar_t cedit_joined(cedit_clusters *all, wchar_t before, wchar_t next);

/// The stand-in of a character that is one by accident, or that has no width and nothing to join, else the character.
wchar_t cedit_single(cedit_clusters *all, wchar_t character);

/// The characters that a stand-in stands for; NULL for any other. Ends with 0.
const wchar_t *cedit_expansion(const cedit_clusters *all, wchar_t character);

/// How many characters of an expansion are drawn: the beginning, up to where terminals no longer agree on the width.
size_t cedit_drawn(const wchar_t *expansion);

/// Between UTF-8 and the characters of the editor's line; the results are for the caller to free. Control characters
/// but the newline and the tab are left out of a line. Without `all` nothing of the line is a stand-in.
wchar_t *cedit_line_of(cedit_clusters *all, const char *text, size_t bytes);
char *cedit_text_of(const cedit_clusters *all, const wchar_t *line, size_t count);

#endif
