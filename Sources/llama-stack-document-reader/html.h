// HTML by WHATWG's rules (gumbo): what a browser would show of it.
#ifndef HTML_H
#define HTML_H
#include "document.h"

void html_read(span page);
/// Reads the inside of a body: a block of HTML in Markdown.
void html_read_fragment(span part);

#endif
