#define _GNU_SOURCE
#include "process_probe.h"

#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// One question at a time: which of a thread's return addresses lie in the range.
static pthread_mutex_t asking = PTHREAD_MUTEX_INITIALIZER;
static uintptr_t range_start, range_end;
static atomic_int answer; // -1: none yet
static atomic_int asked;  // the thread that is to answer

static void on_question(int number) {
    (void)number;
    if (atomic_load(&asked) != (int)syscall(SYS_gettid)) return;
    void *frames[128];
    int count = backtrace(frames, 128), found = 0;
    for (int i = 0; i < count; i++) {
        uintptr_t at = (uintptr_t)frames[i];
        if (at >= range_start && at < range_end) found = 1;
    }
    atomic_store(&answer, found);
}

int pp_thread_runs_in(pid_t thread, uintptr_t start, uintptr_t end) {
    pthread_mutex_lock(&asking);
    // The first call of backtrace loads a library: not in a signal handler.
    void *frames[4];
    backtrace(frames, 4);
    int number = SIGRTMAX - 3;
    struct sigaction action = {.sa_handler = on_question, .sa_flags = SA_RESTART}, before;
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, &before);
    range_start = start, range_end = end;
    atomic_store(&answer, -1);
    atomic_store(&asked, (int)thread);
    int result = -1;
    if (syscall(SYS_tgkill, getpid(), thread, number) == 0)
        for (int left = 200; left > 0 && result < 0; left--) {
            struct timespec millisecond = {0, 1000000};
            nanosleep(&millisecond, NULL);
            result = atomic_load(&answer);
        }
    // A thread that blocks the signal would take it later: nothing may happen to it then.
    if (result < 0) {
        atomic_store(&asked, 0);
    } else {
        sigaction(number, &before, NULL);
    }
    pthread_mutex_unlock(&asking);
    return result;
}
