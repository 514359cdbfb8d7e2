// The text of a request, and its words.
#ifndef ECHO_WORDS_H
#define ECHO_WORDS_H

#include "json.h"

#pragma GCC visibility push(hidden)
// The end of the word that starts at `from`, with the white space after it.
size_t word_end(const text *t, size_t from);
// The words of a text: the tokens of its usage.
long long words_count(const text *t);
// The text of a content that json_check has passed. False when there is an attachment in it.
bool content_text(lsp_bytes content, text *out);
#pragma GCC visibility pop

#endif
