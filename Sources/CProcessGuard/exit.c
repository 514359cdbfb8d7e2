#define _GNU_SOURCE
#include "guard_parts.h"
#include "process_guard.h"

#include <execinfo.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

static atomic_int is_leaving;
static pid_t guarded;

void pg_leaving(void) { atomic_store(&is_leaving, 1); }

// Whose code called exit(): the first frame that is a provider's, or NULL.
static const module *caller(uintptr_t *address) {
    static module mapped;
    void *frames[64];
    int count = backtrace(frames, 64);
    for (int i = 0; i < count; i++) {
        // The return address into a function that ends in a call that never returns may lie behind its end.
        uintptr_t at = (uintptr_t)frames[i] - 1;
        const module *found = module_at(at);
        if (!found && mapped_at(at, &mapped)) found = &mapped;
        if (found && found->is_provider) {
            *address = at;
            return found;
        }
    }
    return NULL;
}

static void check(const char *what, int status) {
    // A child that a provider forked may end as it likes.
    if (atomic_load(&is_leaving) || getpid() != guarded) return;
    uintptr_t at = 0;
    line said = {.size = 0};
    line_text(&said, "llama-stack: a provider library called ");
    line_text(&said, what);
    if (status >= 0) line_number(&said, (uint64_t)(status & 0xff));
    line_text(&said, ") while the host was running");
    const module *by = caller(&at);
    if (by) {
        line_text(&said, ": ");
        line_foreign(&said, module_name(by));
        line_text(&said, "+0x");
        line_hexadecimal(&said, at - by->base);
    }
    line_record(&said, current_record());
    line_text(&said, "\n");
    int error;
    pg_output_write(guard_output(), said.bytes, said.size, &error);
    _exit(PG_EXIT_BY_PROVIDER);
}

static void at_exit(int status, void *context) {
    (void)context;
    check("exit(", status);
}

static void at_quick_exit_(void) { check("quick_exit(", -1); }

void pg_guard_exit(void) {
    guarded = getpid();
    guard_output();
    // The first use of backtrace() loads a library: not in the middle of an exit.
    void *frame[1];
    backtrace(frame, 1);
    pg_refresh_modules();
    on_exit(at_exit, NULL);
    at_quick_exit(at_quick_exit_);
}
