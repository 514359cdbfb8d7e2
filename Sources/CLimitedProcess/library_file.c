#define _GNU_SOURCE
#include "limited_process.h"

#include <dlfcn.h>

const char *lp_library_file(const void *code) {
    Dl_info info;
    return dladdr(code, &info) != 0 ? info.dli_fname : 0;
}
