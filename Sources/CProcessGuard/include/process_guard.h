// Guards a process that runs foreign code: an exit() of that code is not taken for success, a crash names the code in
// which it happened, and a child that it forks does not keep the host's locks.
//
// Each thread has a record of its current call: the host says when it enters a provider's function and when it
// is back. Nothing here allocates or locks when it matters.
#ifndef PROCESS_GUARD_H
#define PROCESS_GUARD_H
#include <stddef.h>

/// The exit code of a process that a provider ended with exit(): EX_SOFTWARE.
#define PG_EXIT_BY_PROVIDER 70

// MARK: exit

/// From now on an exit() that was not announced by pg_leaving() counts as one of a provider: a line on standard error
/// says so and whose it was, and the exit code is PG_EXIT_BY_PROVIDER. To be called before any library is opened, so
/// that its handlers run first. _exit() goes past it: only a parent process can know of that.
void pg_guard_exit(void);

/// The host itself is about to call exit().
void pg_leaving(void);

// MARK: what a thread is doing

/// This thread enters a provider's function. The texts are copied and cut; NULL is empty. Gives the thread an alternate
/// stack for signals when it has none, which it loses when it ends. Calls may nest: each pg_enter has its pg_leave, on
/// the same thread.
/// \param provider "inference/cpu", or the name of a library that is being opened
void pg_enter(const char *provider, const char *method, const char *request_id);
void pg_leave(void);

// MARK: crashes

/// From now on a crash (SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP) leaves one line on standard error: the
/// signal, module and offset, thread, and what pg_enter said last on that thread. Then the process ends at once, by
/// that signal. Swift's backtracer, which needs a minute and more while the port stays open, is not run, unless the
/// environment has SWIFT_BACKTRACE: then whatever handled the signal before runs after the line.
void pg_guard_crashes(void);

/// Looks up again which modules the process has, for the line about a crash and the one about an exit. To be called
/// after dlopen. What was there at the first call is the host's own; all later ones are taken for providers'. Any
/// thread.
void pg_refresh_modules(void);

/// A crash is written to this descriptor too, as one JSON object and a newline: {"signal": 11, "code": 1, "module",
/// "offset", "caller"?: {"module", "offset"}, "thread", "provider", "method", "request_id"}. -1 takes it back.
void pg_set_crash_fd(int descriptor);

// MARK: fork

/// A child made by fork() closes this descriptor before it does anything else. For a lock of flock(), which the child
/// would hold for as long as it lives.
/// \returns 0 when there are too many already
int pg_close_in_fork(int descriptor);

/// Before the descriptor is closed: its number may soon be another file's.
void pg_keep_in_fork(int descriptor);

#endif
