#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

#include "cedit.h"
#include "functions.h"

struct cedit_functions cedit_lib;
static char problem[256];

static void load(void) {
    // Local: its symbols stay apart from what providers bring, which may be another readline.
    void *library = dlopen("libedit.so.2", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        const char *why = dlerror();
        snprintf(problem, sizeof problem, "%s", why ? why : "libedit.so.2 can't be opened");
        return;
    }
#define FIND(name)                                                                       \
    if (!(cedit_lib.name = (__typeof__(cedit_lib.name))dlsym(library, #name))) {          \
        snprintf(problem, sizeof problem, "libedit.so.2 has no " #name ": it is too old"); \
        return;                                                                          \
    }
    CEDIT_FUNCTIONS(FIND)
#undef FIND
}

const char *cedit_load(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return *problem ? problem : NULL;
}
