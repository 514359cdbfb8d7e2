#define _GNU_SOURCE
#include "guard_parts.h"
#include "process_guard.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

static const struct {
    int number;
    const char *name;
} signals[] = {{SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"},   {SIGILL, "SIGILL"},
               {SIGFPE, "SIGFPE"},   {SIGABRT, "SIGABRT"}, {SIGTRAP, "SIGTRAP"}};
enum { SIGNALS = sizeof signals / sizeof *signals };

static struct sigaction before[SIGNALS];
static int is_asked_for_backtrace;
static atomic_int crash_fd = -1;
// The thread whose crash is being told of.
static atomic_int telling;

typedef struct {
    const char *signal_name;
    const siginfo_t *info;
    uintptr_t pc, caller;
    const module *in, *called_by;
    char thread[16];
    int thread_id;
} crash;

// MARK: where

static uintptr_t program_counter(const ucontext_t *context, uintptr_t *stack) {
#if defined(__x86_64__)
    *stack = (uintptr_t)context->uc_mcontext.gregs[REG_RSP];
    return (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    *stack = (uintptr_t)context->uc_mcontext.sp;
    return (uintptr_t)context->uc_mcontext.pc;
#else
#error "add this machine's registers"
#endif
}

// abort() and a call through NULL end outside of the module that is to blame. The first word above the stack pointer
// that is an address in a provider's code is its return address, nearly always: an unwinder would need locks. The stack
// is read by the kernel, for which a bad pointer is an error and no second crash.
static void find_caller(crash *of, uintptr_t stack) {
    static uintptr_t words[4096];  // one crash is told of at a time
    stack &= ~(uintptr_t)(sizeof(uintptr_t) - 1);
    size_t got = 0;
    while (got < sizeof words / sizeof *words) {
        // To the end of a page: of one that is not there nothing is read.
        uintptr_t at = stack + got * sizeof *words;
        size_t left = sizeof words - got * sizeof *words, to_page_end = 4096 - at % 4096;
        size_t size = left < to_page_end ? left : to_page_end;
        struct iovec to = {&words[got], size}, from = {(void *)at, size};
        if (syscall(SYS_process_vm_readv, getpid(), &to, 1, &from, 1, 0) != (long)size) break;
        got += size / sizeof *words;
    }
    for (size_t i = 0; i < got; i++) {
        const module *found = module_at(words[i]);
        if (!found || !found->is_provider) continue;
        of->caller = words[i];
        of->called_by = found;
        return;
    }
}

// MARK: the line, and the record for a parent

static void line_place(line *to, const module *in, uintptr_t address) {
    if (in) line_foreign(to, module_name(in));
    line_text(to, in ? "+0x" : "0x");
    line_hexadecimal(to, in ? address - in->base : address);
}

static void say(const crash *of) {
    line said = {.size = 0};
    line_text(&said, "llama-stack: ");
    line_text(&said, of->signal_name);
    line_text(&said, " at ");
    line_place(&said, of->in, of->pc);
    if (of->called_by) {
        line_text(&said, ", called from ");
        line_place(&said, of->called_by, of->caller);
    }
    line_text(&said, ", thread \"");
    line_foreign(&said, of->thread);
    line_text(&said, "\" (");
    line_number(&said, (uint64_t)of->thread_id);
    line_text(&said, ")");
    line_record(&said, current_record());
    line_text(&said, "\n");
    int error;
    pg_output_write(guard_output(), said.bytes, said.size, &error);
}

static void member(line *to, const char *key, const char *text) {
    line_text(to, key);
    line_text(to, "\"");
    line_foreign(to, text);
    line_text(to, "\"");
}

static void record_place(line *to, const module *in, uintptr_t address) {
    member(to, "\"module\":", in ? in->path : "");
    line_text(to, ",\"offset\":");
    line_number(to, in ? address - in->base : address);
}

static void record_for(const crash *of, int descriptor) {
    line json = {.size = 0};
    const record *doing = current_record();
    line_text(&json, "{\"signal\":");
    line_number(&json, (uint64_t)of->info->si_signo);
    line_text(&json, of->info->si_code < 0 ? ",\"code\":-" : ",\"code\":");
    line_number(&json, (uint64_t)(of->info->si_code < 0 ? -(int64_t)of->info->si_code : of->info->si_code));
    line_text(&json, ",");
    record_place(&json, of->in, of->pc);
    if (of->called_by) {
        line_text(&json, ",\"caller\":{");
        record_place(&json, of->called_by, of->caller);
        line_text(&json, "}");
    }
    member(&json, ",\"thread\":", of->thread);
    member(&json, ",\"provider\":", doing ? doing->provider : "");
    member(&json, ",\"method\":", doing ? doing->method : "");
    member(&json, ",\"request_id\":", doing ? doing->request_id : "");
    line_text(&json, "}\n");
    int error;
    // Its reader is the parent, which has nothing better to do; yet a parent that sleeps must not keep this process.
    pg_output_write((pg_output){descriptor, PG_WAY_POLLED}, json.bytes, json.size, &error);
}

// MARK: the handler

// By the signal's default action, whatever the process was doing.
static void end(int number) {
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigaction(number, &standard, NULL);
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, number);
    syscall(SYS_tgkill, getpid(), (int)syscall(SYS_gettid), number);
    sigprocmask(SIG_UNBLOCK, &only, NULL);
    _exit(128 + number);
}

static void chain(int index, int number, siginfo_t *info, void *context) {
    const struct sigaction *old = &before[index];
    if (!is_asked_for_backtrace || old->sa_handler == SIG_DFL || old->sa_handler == SIG_IGN) return;
    if (old->sa_flags & SA_SIGINFO)
        old->sa_sigaction(number, info, context);
    else
        old->sa_handler(number);
}

static void handle(int number, siginfo_t *info, void *context) {
    int own = (int)syscall(SYS_gettid), none = 0;
    if (!atomic_compare_exchange_strong(&telling, &none, own)) {
        if (none == own) end(number);  // the telling itself crashed
        for (;;) pause();                // another thread was first, and ends the process
    }
    int index = 0;
    while (index < SIGNALS - 1 && signals[index].number != number) index++;
    crash told = {.signal_name = signals[index].name, .info = info, .thread_id = own};
    uintptr_t stack;
    told.pc = program_counter(context, &stack);
    told.in = module_at(told.pc);
    module mapped;
    if (!told.in && mapped_at(told.pc, &mapped)) told.in = &mapped;
    if (!told.in || !told.in->is_provider) find_caller(&told, stack);
    prctl(PR_GET_NAME, told.thread);
    say(&told);
    int descriptor = atomic_load(&crash_fd);
    if (descriptor >= 0) record_for(&told, descriptor);
    chain(index, number, info, context);
    end(number);
}

void pg_set_crash_fd(int descriptor) { atomic_store(&crash_fd, descriptor); }

void pg_guard_crashes(void) {
    guard_output();
    pg_refresh_modules();
    ensure_alternate_stack();
    is_asked_for_backtrace = getenv("SWIFT_BACKTRACE") != NULL;
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < SIGNALS; i++) sigaction(signals[i].number, &action, &before[i]);
}
