// The functions of libedit that are used, found by dlsym: no executable names the library among those it needs.
#ifndef CEDIT_FUNCTIONS_H
#define CEDIT_FUNCTIONS_H

#include <histedit.h>

#define CEDIT_FUNCTIONS(F) \
    F(el_init_fd) F(el_end) F(el_source) F(el_resize) F(el_deletestr) \
    F(el_wset) F(el_wget) F(el_wgets) F(el_wline) F(el_winsertstr) F(el_wpush) \
    F(history_winit) F(history_wend) F(history_w)

#define CEDIT_FIELD(name) __typeof__(&name) name;
#pragma GCC visibility push(hidden)
/// Filled by cedit_load.
extern struct cedit_functions { CEDIT_FUNCTIONS(CEDIT_FIELD) } cedit_lib;
#pragma GCC visibility pop
#undef CEDIT_FIELD

#endif
