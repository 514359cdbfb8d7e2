#define _GNU_SOURCE
#include "guard_parts.h"
#include "process_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// A module of more segments than one has gaps between them; a range from its first to its last byte is near enough.
enum { MODULES = 512 };

typedef struct {
    int count;
    module modules[MODULES];
} table;

// A new one is written beside the one in use: a signal handler that reads that is not disturbed.
static table tables[2];
static _Atomic(table *) current;
static pthread_mutex_t refreshing = PTHREAD_MUTEX_INITIALIZER;

typedef struct {
    table *into;
    const table *before;
} look;


static int add(struct dl_phdr_info *info, size_t size, void *context) {
    (void)size;
    look *at = context;
    if (at->into->count == MODULES) return 1;
    uintptr_t first = UINTPTR_MAX, last = 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type != PT_LOAD) continue;
        uintptr_t start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr, end = start + info->dlpi_phdr[i].p_memsz;
        if (start < first) first = start;
        if (end > last) last = end;
    }
    if (first >= last) return 0;
    module *next = &at->into->modules[at->into->count];
    *next = (module){.start = first, .end = last, .base = info->dlpi_addr};
    // The program itself has no name here.
    const char *path = info->dlpi_name && info->dlpi_name[0] ? info->dlpi_name : program_invocation_name;
    size_t length = strlen(path), most = sizeof next->path - 1;
    memcpy(next->path, length > most ? path + length - most : path, length > most ? most : length);
    if (at->before) {
        next->is_provider = 1;
        for (int i = 0; i < at->before->count; i++)
            if (at->before->modules[i].start == first) next->is_provider = at->before->modules[i].is_provider;
    }
    at->into->count++;
    return 0;
}

void pg_refresh_modules(void) {
    pthread_mutex_lock(&refreshing);
    table *before = atomic_load(&current);
    look at = {.into = before == &tables[0] ? &tables[1] : &tables[0], .before = before};
    at.into->count = 0;
    dl_iterate_phdr(add, &at);
    atomic_store(&current, at.into);
    pthread_mutex_unlock(&refreshing);
}

const module *module_at(uintptr_t address) {
    const table *now = atomic_load(&current);
    for (int i = 0; now && i < now->count; i++)
        if (address >= now->modules[i].start && address < now->modules[i].end) return &now->modules[i];
    return NULL;
}

const char *module_name(const module *of) {
    const char *slash = strrchr(of->path, '/');
    return slash ? slash + 1 : of->path;
}

// MARK: the kernel's own list

typedef struct {
    int file;
    char bytes[1024];
    ssize_t size, next;
} reader;

// A line without its newline, cut to what fits. 0 at the end.
static int read_line(reader *from, char *to, size_t size) {
    size_t length = 0;
    for (;;) {
        if (from->next == from->size) {
            from->size = read(from->file, from->bytes, sizeof from->bytes);
            from->next = 0;
            if (from->size <= 0) return 0;
        }
        char byte = from->bytes[from->next++];
        if (byte == '\n') break;
        if (length < size - 1) to[length++] = byte;
    }
    to[length] = 0;
    return 1;
}

static uintptr_t hexadecimal(const char **text) {
    uintptr_t number = 0;
    for (;; (*text)++) {
        char byte = **text;
        if (byte >= '0' && byte <= '9') number = number * 16 + (uintptr_t)(byte - '0');
        else if (byte >= 'a' && byte <= 'f') number = number * 16 + (uintptr_t)(byte - 'a' + 10);
        else return number;
    }
}

// Lines are "start-end access offset device inode    path"; the first of a file has its start.
int mapped_at(uintptr_t address, module *found) {
    reader maps = {.file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC)};
    if (maps.file < 0) return 0;
    char text[512];
    int is_found = 0;
    *found = (module){.is_provider = 1};
    while (!is_found && read_line(&maps, text, sizeof text)) {
        const char *at = text, *path = strchr(text, '/');
        if (!path) continue;
        uintptr_t start = hexadecimal(&at);
        if (*at++ != '-') continue;
        uintptr_t end = hexadecimal(&at);
        size_t length = strlen(path), most = sizeof found->path - 1;
        if (length > most) path += length - most;
        if (strcmp(path, found->path) != 0) {
            strcpy(found->path, path);
            found->start = found->base = start;
        }
        found->end = end;
        is_found = address >= start && address < end;
    }
    close(maps.file);
    return is_found;
}
