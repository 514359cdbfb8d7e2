#define _GNU_SOURCE
#include "process_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef struct {
    const char *path;
    char *const *argv, *const *envp;
    int output, errors, results;
    pid_t parent;
    volatile int error; // written by the child, which shares our memory until it has become the program
} start;

// In the child: nothing but system calls, because its memory is ours.
static void become(start *s) {
    struct sigaction standard = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++) sigaction(number, &standard, NULL);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != s->parent) _exit(127);
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    int nowhere = open("/dev/null", O_RDONLY | O_CLOEXEC);
    // To numbers that none of them has yet, so that no copy overwrites another.
    int output = fcntl(s->output, F_DUPFD_CLOEXEC, PP_RESULTS + 1), errors = fcntl(s->errors, F_DUPFD_CLOEXEC, PP_RESULTS + 1);
    int results = fcntl(s->results, F_DUPFD_CLOEXEC, PP_RESULTS + 1);
    if (dup2(nowhere, 0) < 0 || dup2(output, 1) < 0 || dup2(errors, 2) < 0 || dup2(results, PP_RESULTS) < 0) {
        s->error = errno;
        _exit(127);
    }
    syscall(SYS_close_range, 3, PP_RESULTS - 1, 0);
    syscall(SYS_close_range, PP_RESULTS + 1, ~0U, 0);
    sigset_t empty;
    sigemptyset(&empty);
    sigprocmask(SIG_SETMASK, &empty, NULL);
    execve(s->path, s->argv, s->envp);
    s->error = errno;
    _exit(127);
}

pid_t pp_spawn(const char *path, char *const argv[], char *const envp[], int output, int errors, int results) {
    start s = {path, argv, envp, output, errors, results, getpid(), 0};
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t child = vfork();
    if (child == 0) become(&s);
    int error = child < 0 ? errno : s.error;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return error ? -1 : child;
}

int pp_process_descriptor(pid_t process) { return (int)syscall(SYS_pidfd_open, process, 0); }

int pp_is_orphan(pid_t parent) { return getppid() != parent; }
