#define _GNU_SOURCE
#include "spawn_limited.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

// How long one that has closed its output may take to end, at least: on a busy machine it may not run for a while.
enum { ending_milliseconds = 1000 };

int lp_reap(pid_t child, int64_t end, int *status) {
    int64_t last = lp_milliseconds() + ending_milliseconds;
    while (end > 0) {
        if (waitpid(child, status, WNOHANG) != 0) return 1;
        if (lp_milliseconds() >= (end > last ? end : last)) break;
        usleep(1000);
    }
    kill(child, SIGKILL);
    while (waitpid(child, status, 0) < 0 && errno == EINTR) {}
    return 0;
}

void lp_note_end(lp_result *result, lp_end how, int ended_by_itself, int status) {
    *result = (lp_result){how, WIFEXITED(status) ? WEXITSTATUS(status) : 0, result->output, result->output_size};
    if (how != LP_EXITED) return;
    if (!ended_by_itself) result->end = LP_TIMED_OUT;
    else if (WIFSIGNALED(status)) {
        result->end = WTERMSIG(status) == SIGXCPU ? LP_TIMED_OUT : LP_SIGNALLED;
        result->code = WTERMSIG(status);
    }
}
