// Memory that is given back to the system while what it is a part of is still read.
#ifndef PAGES_H
#define PAGES_H

enum { PAGES_AT_ONCE = 4 << 20 };

/// Gives back the whole pages between two places of one piece of memory, whose bytes are not to be read again.
void pages_forget(const char *from, const char *to);

#endif
