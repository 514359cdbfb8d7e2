#define _GNU_SOURCE
#include "limited_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef struct {
    const char *const *argv;
    lp_limits limits;
    pid_t parent;
    int input, output;
    volatile int error;  // written by the child, which shares our memory until it has become the program
} start;

static void limit(int resource, uint64_t value) {
    struct rlimit both = {value, value};
    setrlimit(resource, &both);
}

// In the child: nothing but system calls, because its memory is ours.
static void become(start *s) {
    static char *const no_environment[] = {NULL};
    struct sigaction standard = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++) sigaction(number, &standard, NULL);
    setsid();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != s->parent) _exit(127);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    setpriority(PRIO_PROCESS, 0, 10);
    // At the first of the two it gets SIGXCPU, by which we know why it ended; at the second SIGKILL.
    struct rlimit processor = {s->limits.seconds, (rlim_t)s->limits.seconds + 1};
    setrlimit(RLIMIT_CPU, &processor);
    limit(RLIMIT_AS, s->limits.memory_bytes);
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_NPROC, 0);
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    // To numbers that none of them has yet, so that no copy overwrites another.
    int input = fcntl(s->input, F_DUPFD_CLOEXEC, 3), output = fcntl(s->output, F_DUPFD_CLOEXEC, 3);
    if (dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(nowhere, 2) < 0) {
        s->error = errno;
        _exit(127);
    }
    syscall(SYS_close_range, 3, ~0U, 0);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(s->argv[0], (char *const *)s->argv, no_environment);
    s->error = errno;
    _exit(127);
}

// vfork and not fork: a server with gigabytes of weights would copy their page tables first.
static pid_t spawn(start *s) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t child = vfork();
    if (child == 0) become(s);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return child;
}

static int memory_file(const void *bytes, size_t size) {
    int file = memfd_create("input", MFD_CLOEXEC);
    for (size_t done = 0; file >= 0 && done < size;) {
        ssize_t count = write(file, (const char *)bytes + done, size - done);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) {
            close(file);
            return -1;
        }
        done += (size_t)count;
    }
    if (file >= 0) lseek(file, 0, SEEK_SET);
    return file;
}

static int64_t milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// Until it has closed its output, the time is up, or there is more than the limit. Answers what stopped it.
static lp_end read_all(int from, lp_limits limits, lp_result *result) {
    int64_t end = milliseconds() + (int64_t)limits.seconds * 1000;
    size_t capacity = 0;
    for (;;) {
        int64_t left = end - milliseconds();
        struct pollfd waiting = {.fd = from, .events = POLLIN};
        if (left <= 0) return LP_TIMED_OUT;
        if (poll(&waiting, 1, (int)left) <= 0) continue;
        if (result->output_size == capacity) {
            size_t larger = capacity ? capacity * 2 : 65536;
            char *grown = realloc(result->output, larger);
            if (!grown) return LP_OUTPUT_LIMIT;
            (result->output = grown, capacity = larger);
        }
        ssize_t count = read(from, result->output + result->output_size, capacity - result->output_size);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return LP_EXITED;
        result->output_size += (size_t)count;
        if (result->output_size > limits.output_bytes) return LP_OUTPUT_LIMIT;
    }
}

// One that has closed its output may still run: it has the rest of its second.
static void wait_for(pid_t child, int may_end_by_itself, int *status) {
    for (int left = may_end_by_itself ? 1000 : 0; left > 0; left--) {
        if (waitpid(child, status, WNOHANG) != 0) return;
        usleep(1000);
    }
    kill(child, SIGKILL);
    while (waitpid(child, status, 0) < 0 && errno == EINTR) {}
}

lp_result lp_run(const char *const argv[], const void *input, size_t input_size, lp_limits limits) {
    lp_result result = {.end = LP_NOT_STARTED};
    int ends[2];
    int file = memory_file(input, input_size);
    if (file < 0 || pipe2(ends, O_CLOEXEC) != 0) {
        result.code = errno;
        if (file >= 0) close(file);
        return result;
    }
    start s = {.argv = argv, .limits = limits, .parent = getpid(), .input = file, .output = ends[1]};
    pid_t child = spawn(&s);
    int error = errno;
    close(file);
    close(ends[1]);
    int status = 0;
    if (child < 0) {
        result.code = error;
    } else {
        lp_end end = read_all(ends[0], limits, &result);
        wait_for(child, end == LP_EXITED, &status);
        if (s.error) {
            result.code = s.error;
        } else if (end == LP_EXITED && WIFSIGNALED(status)) {
            result.end = WTERMSIG(status) == SIGXCPU ? LP_TIMED_OUT : LP_SIGNALLED;
            result.code = WTERMSIG(status);
        } else {
            result.end = end;
            result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
        }
    }
    close(ends[0]);
    return result;
}
