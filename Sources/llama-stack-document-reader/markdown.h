// Markdown by CommonMark's rules with GitHub's tables (cmark-gfm): the words without their marks, code as it is.
#ifndef MARKDOWN_H
#define MARKDOWN_H
#include "document.h"

/// Before the first document.
void markdown_setup(void);
void markdown_read(span document);

#endif
