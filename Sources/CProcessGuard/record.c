#define _GNU_SOURCE
#include "guard_parts.h"
#include "process_guard.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// Calls between providers may nest this deep on one thread; of deeper ones the outer are known.
enum { RECORDS = 16 };

static _Thread_local struct {
    record records[RECORDS];
    volatile int depth;
    int has_stack;
} mine;

static void copy(char *to, size_t size, const char *text) {
    size_t length = text ? strnlen(text, size - 1) : 0;
    // Not in the middle of a character.
    if (length == size - 1) while (length && ((unsigned char)text[length] & 0xC0) == 0x80) length--;
    if (length) memcpy(to, text, length);
    to[length] = 0;
}

void pg_enter(const char *provider, const char *method, const char *request_id) {
    ensure_alternate_stack();
    if (mine.depth < RECORDS) {
        record *next = &mine.records[mine.depth];
        copy(next->provider, sizeof next->provider, provider);
        copy(next->method, sizeof next->method, method);
        copy(next->request_id, sizeof next->request_id, request_id);
    }
    // Only now: a signal handler on this thread reads what lies below it.
    __atomic_signal_fence(__ATOMIC_RELEASE);
    mine.depth++;
}

void pg_leave(void) { mine.depth--; }

const record *current_record(void) {
    int depth = mine.depth;
    if (depth <= 0) return NULL;
    return &mine.records[depth > RECORDS ? RECORDS - 1 : depth - 1];
}

void line_record(line *to, const record *of) {
    if (!of) return;
    line_text(to, ", in ");
    line_foreign(to, of->provider);
    if (of->method[0]) {
        line_text(to, " ");
        line_foreign(to, of->method);
    }
    if (of->request_id[0]) {
        line_text(to, ", request ");
        line_foreign(to, of->request_id);
    }
}

// MARK: alternate stacks

enum { STACK_BYTES = 64 << 10 };

static size_t guard_bytes;  // one page below the stack that nothing may touch
static pthread_key_t stack_key;
static pthread_once_t stack_key_once = PTHREAD_ONCE_INIT;

// The thread ends.
static void release_stack(void *mapping) {
    stack_t now, none = {.ss_flags = SS_DISABLE};
    // Another may have taken its place.
    if (sigaltstack(NULL, &now) == 0 && now.ss_sp == (char *)mapping + guard_bytes) sigaltstack(&none, NULL);
    munmap(mapping, guard_bytes + STACK_BYTES);
}

static void make_stack_key(void) {
    guard_bytes = (size_t)sysconf(_SC_PAGESIZE);
    pthread_key_create(&stack_key, release_stack);
}

void ensure_alternate_stack(void) {
    if (mine.has_stack) return;
    mine.has_stack = 1;
    stack_t now;
    if (sigaltstack(NULL, &now) != 0 || !(now.ss_flags & SS_DISABLE)) return;
    pthread_once(&stack_key_once, make_stack_key);
    char *mapping = mmap(NULL, guard_bytes + STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED) return;
    mprotect(mapping, guard_bytes, PROT_NONE);
    stack_t stack = {.ss_sp = mapping + guard_bytes, .ss_size = STACK_BYTES};
    if (pthread_setspecific(stack_key, mapping) != 0 || sigaltstack(&stack, NULL) != 0) {
        pthread_setspecific(stack_key, NULL);
        munmap(mapping, guard_bytes + STACK_BYTES);
    }
}
