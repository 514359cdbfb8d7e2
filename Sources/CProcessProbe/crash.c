#define _GNU_SOURCE
#include "process_probe.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <ucontext.h>
#include <unistd.h>

// Everything here is read by a signal handler: no locks, no allocation, nothing moves.
static int results_descriptor = -1;
static struct {
    uintptr_t start, end;
    const char *name;
} library;
static __thread const char *doing;

typedef struct {
    _Atomic uintptr_t start;
    uintptr_t end;
    const char *why;
} lent;
enum { LENT_MAX = 1 << 16 };
static lent lents[LENT_MAX];
static atomic_uint lents_count;

static const char *why_unreadable(uintptr_t address) {
    unsigned count = atomic_load(&lents_count);
    if (count > LENT_MAX) count = LENT_MAX;
    for (unsigned i = 0; i < count; i++) {
        uintptr_t start = atomic_load(&lents[i].start);
        if (start && address >= start && address < lents[i].end) return lents[i].why;
    }
    return NULL;
}

typedef struct {
    char bytes[1024];
    size_t size;
} line;

static void add(line *l, const char *text) {
    for (; *text && l->size < sizeof l->bytes - 1; text++) {
        unsigned char c = (unsigned char)*text;
        l->bytes[l->size++] = c < 0x20 || c == '"' || c == '\\' || c > 0x7e ? '?' : (char)c;
    }
}
static void raw(line *l, const char *text) {
    for (; *text && l->size < sizeof l->bytes - 1; text++) l->bytes[l->size++] = *text;
}
static void add_hex(line *l, uintptr_t value) {
    char digits[20];
    int at = sizeof digits - 1;
    digits[at] = 0;
    do {
        digits[--at] = "0123456789abcdef"[value & 15];
        value >>= 4;
    } while (value);
    raw(l, "0x");
    raw(l, digits + at);
}
static void member(line *l, const char *key) {
    raw(l, l->bytes[l->size - 1] == '{' ? "\"" : ",\"");
    raw(l, key);
    raw(l, "\":\"");
}

static void on_crash(int number, siginfo_t *info, void *context) {
    ucontext_t *at = context;
#if defined(__x86_64__)
    uintptr_t instruction = (uintptr_t)at->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    uintptr_t instruction = (uintptr_t)at->uc_mcontext.pc;
#else
    uintptr_t instruction = 0;
    (void)at;
#endif
    line l = {{0}, 0};
    raw(&l, "{\"crash\":{");
    const char *name = pp_signal_name(number);
    member(&l, "signal");
    add(&l, name ? name : "?");
    raw(&l, "\"");
    if (instruction >= library.start && instruction < library.end) {
        member(&l, "place");
        add(&l, library.name);
        raw(&l, "+");
        add_hex(&l, instruction - library.start);
        raw(&l, "\"");
    }
    char thread[20] = {0};
    prctl(PR_GET_NAME, thread);
    member(&l, "thread");
    add(&l, thread);
    raw(&l, "\"");
    if (doing) {
        member(&l, "doing");
        add(&l, doing);
        raw(&l, "\"");
    }
    const char *why = number == SIGSEGV || number == SIGBUS ? why_unreadable((uintptr_t)info->si_addr) : NULL;
    if (why) {
        member(&l, "why");
        add(&l, why);
        raw(&l, "\"");
    }
    raw(&l, "}}\n");
    if (write(results_descriptor, l.bytes, l.size) < 0) {}
    signal(number, SIG_DFL);
    raise(number);
}

void pp_report_crashes(int results) {
    results_descriptor = results;
    struct sigaction action = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    sigemptyset(&action.sa_mask);
    static const int fatal[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS};
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++) sigaction(fatal[i], &action, NULL);
}

void pp_name_library(uintptr_t start, uintptr_t end, const char *name) {
    library.start = start, library.end = end, library.name = name;
}

void pp_doing(const char *what) { doing = what; }

static pthread_key_t stack_key;
static pthread_once_t stack_once = PTHREAD_ONCE_INIT;
static void free_stack(void *stack) {
    stack_t none = {.ss_flags = SS_DISABLE};
    sigaltstack(&none, NULL);
    free(stack);
}
static void make_key(void) { pthread_key_create(&stack_key, free_stack); }

void pp_enter_thread(const char *name) {
    prctl(PR_SET_NAME, name);
    sigset_t none;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
    pthread_once(&stack_once, make_key);
    if (pthread_getspecific(stack_key)) return;
    size_t size = 64 << 10;
    void *memory = malloc(size);
    if (!memory) return;
    stack_t stack = {.ss_sp = memory, .ss_size = size};
    sigaltstack(&stack, NULL);
    pthread_setspecific(stack_key, memory);
}

// MARK: Memory that is lent

static size_t page(void) { return (size_t)sysconf(_SC_PAGESIZE); }
static size_t whole_pages(size_t size) { return (size + page() - 1) / page() * page(); }

static void remember(uintptr_t start, uintptr_t end, const char *why) {
    unsigned index = atomic_fetch_add(&lents_count, 1);
    if (index >= LENT_MAX) return;
    lents[index].end = end;
    lents[index].why = why;
    atomic_store(&lents[index].start, start);
}

void *pp_lend(size_t size) {
    size_t pages = whole_pages(size ? size : 1);
    char *block = mmap(NULL, pages + page(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED) return NULL;
    mprotect(block + pages, page(), PROT_NONE);
    remember((uintptr_t)block + pages, (uintptr_t)block + pages + page(),
             "it read beyond the end of bytes that the host lent: they have a size and no terminator");
    return block + pages - size;
}

void pp_take_back(void *bytes, size_t size, const char *why) {
    uintptr_t end = (uintptr_t)bytes + size, pages = whole_pages(size ? size : 1), start = end - pages;
    remember(start, end, why);
    madvise((void *)start, pages, MADV_DONTNEED);
    mprotect((void *)start, pages, PROT_NONE);
}
