// What a file says of its own encoding: an HTML page by a meta element, XML by its declaration.
#ifndef OWN_WORD_H
#define OWN_WORD_H
#include "document.h"

/// Empty when it says nothing.
span own_word(span content, form as);

#endif
