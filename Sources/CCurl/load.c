#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

#include "ccurl.h"
#include "functions.h"

struct ccurl_functions ccurl;
static char problem[256];

static void load(void) {
    // Local: its symbols and those of its TLS stay apart from what providers bring.
    void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        const char *why = dlerror();
        snprintf(problem, sizeof problem, "%s", why ? why : "libcurl.so.4 can't be opened");
        return;
    }
#define FIND(name)                                                                              \
    if (!(ccurl.name = (__typeof__(ccurl.name))dlsym(library, #name))) {                         \
        snprintf(problem, sizeof problem, "libcurl.so.4 has no " #name ": it is older than 7.68"); \
        return;                                                                                 \
    }
    CCURL_FUNCTIONS(FIND)
#undef FIND
    if (ccurl.curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        snprintf(problem, sizeof problem, "libcurl.so.4 can't be initialized");
}

const char *ccurl_load(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return *problem ? problem : NULL;
}

void ccurl_block_signals(void) {
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    sigset_t all;
    sigfillset(&all);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) sigdelset(&all, faults[i]);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
}
