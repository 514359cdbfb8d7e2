// The state of the process and of the calling thread that a library's code may change unnoticed: compared before and
// after a call, and restored where that can be done.
#ifndef PROCESS_STATE_H
#define PROCESS_STATE_H

typedef enum {
    PG_PUT_BACK,
    PG_NOT_PUT_BACK,  // it could not be
    PG_LEFT,          // it is not for us to put back
} pg_restored;

typedef struct pg_watch pg_watch;

/// `what` names the change: "the process's working directory", "the resource limit RLIMIT_NOFILE (1024 to 8)".
typedef void (*pg_changed)(void *context, const char *what, pg_restored restored);

/// Notes the state: working directory, umask, locale, what signals do, the thread's signal mask, resource limits,
/// timers that end in a signal, descriptors 0 to 2, environment, how the thread's floating-point unit rounds. To be
/// called on the thread that calls the library next. NULL when there is no memory: then nothing is watched.
pg_watch *pg_watch_begin(void);

/// On the same thread, once the library is back: compares, puts back, tells `changed` of each difference, forgets the
/// watch. Where the library closed descriptors that it did not open, or lowered their limit for good and left too few,
/// a line says so and the process ends with PG_EXIT_BY_PROVIDER. Watches may overlap, on several threads: what one has
/// put back counts as no change for the others.
///
/// A handler that a library sets for a fault (SIGSEGV and its like) or for a signal that means nothing outside of it
/// (SIGURG, SIGPROF, real-time ones) is left: language runtimes of providers need theirs. SIGPIPE may become ignored.
/// The environment can't be put back while other threads may read it.
void pg_watch_end(pg_watch *watch, pg_changed changed, void *context);

/// Returns freed memory to the system: the C library keeps pages between blocks that are in use. Takes one to two
/// milliseconds for 15 MB. Any thread. Does nothing where the C library is not glibc.
void pg_return_memory(void);

#endif
