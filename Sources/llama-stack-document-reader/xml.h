// XML by its values (libxml2): nothing is fetched, and no entity stands for more than a few letters.
#ifndef XML_H
#define XML_H
#include "document.h"

/// Before the first document.
void xml_setup(void);
/// Elements and attributes with their names; an element that is no part of a running text is a line.
void xml_read(span text);
/// XHTML: what a browser would show. One that is not well-formed is read as HTML.
void xml_read_page(span text);
/// SVG: its texts.
void xml_read_drawing(span text);

#endif
