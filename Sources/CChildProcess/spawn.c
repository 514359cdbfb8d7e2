#define _GNU_SOURCE
#include "child_process.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif

// The second is the kernel's default for the highest number of a descriptor.
enum { STACK_BYTES = 64 << 10, NUMBERS_MAX = 1 << 20 };

typedef struct {
    const ccp_options *options;
    pid_t parent;
    int nowhere;                                  // /dev/null
    ccp_descriptor placed[CCP_DESCRIPTORS_MAX + 3];  // by `to`, 0 to 2 among them
    int count;
    int group_files[CCP_GROUP_FILES_MAX + 1];
    int group_file_count;
    // Written by the child, which shares our memory until it has become the program.
    volatile ccp_step step;
    volatile int error;
} start;

// ---- in the child: nothing but system calls, because its memory is ours --------------------------------------------

static void fail(start *s, ccp_step step, int error) {
    s->step = step;
    s->error = error;
    _exit(127);
}

static void close_from_to(unsigned first, unsigned last) {
    if (first > last || syscall(SYS_close_range, first, last, 0) == 0) return;
    // Before Linux 5.9, or below an old container's filter.
    struct rlimit files = {0, 0};
    getrlimit(RLIMIT_NOFILE, &files);
    unsigned long end = files.rlim_cur < NUMBERS_MAX ? files.rlim_cur : NUMBERS_MAX;
    for (unsigned long number = first; number <= last && number < end; number++) close((int)number);
}

static void place_descriptors(start *s) {
    int above = s->placed[s->count - 1].to + 1;
    int copies[CCP_DESCRIPTORS_MAX + 3];
    // First to numbers that none of them is to have, so that no copy overwrites another.
    for (int i = 0; i < s->count; i++) {
        copies[i] = fcntl(s->placed[i].from, F_DUPFD_CLOEXEC, above);
        if (copies[i] < 0) fail(s, CCP_DESCRIPTOR, errno);
    }
    for (int i = 0; i < s->count; i++) {
        if (dup2(copies[i], s->placed[i].to) < 0) fail(s, CCP_DESCRIPTOR, errno);
    }
    for (int i = 1; i < s->count; i++) {
        close_from_to((unsigned)s->placed[i - 1].to + 1, (unsigned)s->placed[i].to - 1);
    }
    close_from_to((unsigned)above, ~0U);
}

static void limit(start *s, ccp_limit wanted) {
    struct rlimit now;
    if (getrlimit(wanted.resource, &now) != 0) fail(s, CCP_LIMIT, errno);
    uint64_t soft = wanted.value, hard = wanted.hard ? wanted.hard : wanted.value;
    struct rlimit both = {soft < now.rlim_max ? soft : now.rlim_max, hard < now.rlim_max ? hard : now.rlim_max};
    if (setrlimit(wanted.resource, &both) != 0) fail(s, CCP_LIMIT, errno);
}

static void become_user(start *s) {
    uint32_t user = s->options->user;
    if (user == 0) return;
    // The system calls themselves: the C library's functions would change the user of every thread of ours.
    if (syscall(SYS_setgroups, 0, NULL) != 0) fail(s, CCP_USER, errno);
    if (syscall(SYS_setresgid, user, user, user) != 0) fail(s, CCP_USER, errno);
    if (syscall(SYS_setresuid, user, user, user) != 0) fail(s, CCP_USER, errno);
    // A change of user takes the death signal away.
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail(s, CCP_DEATH_SIGNAL, errno);
    if (getppid() != s->parent) fail(s, CCP_DEATH_SIGNAL, ESRCH);
}

static int become(void *argument) {
    start *s = argument;
    // What is handled here becomes the default with exec anyway; what is ignored would stay ignored.
    struct sigaction standard = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++) sigaction(number, &standard, NULL);
    if (setsid() < 0) fail(s, CCP_SESSION, errno);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail(s, CCP_DEATH_SIGNAL, errno);
    // A parent that died before the line above sends no signal any more.
    if (getppid() != s->parent) fail(s, CCP_DEATH_SIGNAL, ESRCH);
    for (int i = 0; i < s->group_file_count; i++) {
        // 0 is the writer itself.
        if (write(s->group_files[i], "0", 1) != 1) fail(s, CCP_GROUP, errno);
    }
    place_descriptors(s);
    if (s->options->no_new_privileges) prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (s->options->nice) setpriority(PRIO_PROCESS, 0, s->options->nice);
    limit(s, (ccp_limit){.resource = RLIMIT_CORE});
    for (size_t i = 0; i < s->options->limit_count; i++) limit(s, s->options->limits[i]);
    become_user(s);
    // Ours stays as it is: the two share memory, not the working directory.
    if (s->options->folder && chdir(s->options->folder) != 0) fail(s, CCP_FOLDER, errno);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(s->options->path, (char *const *)s->options->argv, (char *const *)s->options->environment);
    fail(s, CCP_EXEC, errno);
    return 0;
}

// ---- in the parent -------------------------------------------------------------------------------------------------

// The kernel's struct clone_args, to and with `cgroup`: the C library's headers may be older.
typedef struct {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
} clone_arguments;

// The system call and, in the child, a call of `become` on its own stack: a function that returned there would return
// into a frame of ours.
static long clone3_and_become(clone_arguments *arguments, start *s) {
#if defined(__x86_64__)
    register long result __asm__("rax") = 435;
    register void *first __asm__("rdi") = arguments;
    register long second __asm__("rsi") = sizeof *arguments;
    register int (*function)(void *) __asm__("r8") = become;
    register start *passed __asm__("r9") = s;
    __asm__ volatile(
        "syscall\n\t"
        "testq %%rax, %%rax\n\t"
        "jnz 1f\n\t"
        "xorl %%ebp, %%ebp\n\t"
        "movq %%r9, %%rdi\n\t"
        "callq *%%r8\n\t"
        "hlt\n"
        "1:"
        : "+r"(result)
        : "r"(first), "r"(second), "r"(function), "r"(passed)
        : "rcx", "r11", "memory", "cc");
    return result;
#elif defined(__aarch64__)
    register long result __asm__("x0") = (long)arguments;
    register long second __asm__("x1") = sizeof *arguments;
    register int (*function)(void *) __asm__("x2") = become;
    register start *passed __asm__("x3") = s;
    register long number __asm__("x8") = 435;
    __asm__ volatile(
        "svc #0\n\t"
        "cbnz x0, 1f\n\t"
        "mov x29, xzr\n\t"
        "mov x0, x3\n\t"
        "blr x2\n\t"
        "brk #0\n"
        "1:"
        : "+r"(result)
        : "r"(second), "r"(function), "r"(passed), "r"(number)
        : "memory", "cc");
    return result;
#else
    (void)arguments, (void)s;
    return -ENOSYS;
#endif
}

// The pid or a negative errno.
static long clone_child(start *s, char *stack, int *pidfd) {
    const uint64_t flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD;
    int folder = s->options->group_folder, file = -1;
    if (folder >= 0) {
        clone_arguments arguments = {
            .flags = flags | CLONE_INTO_CGROUP, .pidfd = (uint64_t)(uintptr_t)pidfd, .exit_signal = SIGCHLD,
            .stack = (uint64_t)(uintptr_t)stack, .stack_size = STACK_BYTES, .cgroup = (uint64_t)folder,
        };
        long pid = clone3_and_become(&arguments, s);
        if (pid > 0) return pid;
        // Before Linux 5.7, or below a filter: the child goes there itself.
        file = openat(folder, "cgroup.procs", O_WRONLY | O_CLOEXEC);
        if (file < 0) {
            s->step = CCP_GROUP;
            return -errno;
        }
        s->group_files[s->group_file_count++] = file;
    }
    int pid = clone(become, stack + STACK_BYTES, (int)flags | SIGCHLD, s, pidfd);
    int error = errno;
    if (file >= 0) close(file);
    return pid > 0 ? pid : -error;
}

static int by_number(start *s) {
    const ccp_options *o = s->options;
    for (size_t i = 0; i < o->descriptor_count; i++) s->placed[s->count++] = o->descriptors[i];
    for (int number = 0; number < 3; number++) {
        int is_named = 0;
        for (size_t i = 0; i < o->descriptor_count; i++) is_named |= o->descriptors[i].to == number;
        if (!is_named) s->placed[s->count++] = (ccp_descriptor){s->nowhere, number};
    }
    for (int i = 1; i < s->count; i++) {
        ccp_descriptor moved = s->placed[i];
        int at = i;
        for (; at > 0 && s->placed[at - 1].to > moved.to; at--) s->placed[at] = s->placed[at - 1];
        s->placed[at] = moved;
    }
    for (int i = 1; i < s->count; i++) {
        if (s->placed[i].to == s->placed[i - 1].to) return EINVAL;
    }
    return s->placed[0].to < 0 ? EINVAL : 0;
}

// Ignored, the signal makes the kernel reap by itself, and how the child ended would be lost.
static void keep_exit_statuses(void) {
    struct sigaction now;
    if (sigaction(SIGCHLD, NULL, &now) != 0) return;
    if (now.sa_handler != SIG_IGN && !(now.sa_flags & SA_NOCLDWAIT)) return;
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigaction(SIGCHLD, &standard, NULL);
}

static int refused(ccp_child *out, ccp_step step, int error) {
    *out = (ccp_child){.pid = -1, .pidfd = -1, .step = step, .error = error};
    return error;
}

int ccp_spawn(const ccp_options *options, ccp_child *out) {
    if (options->descriptor_count > CCP_DESCRIPTORS_MAX || options->group_file_count > CCP_GROUP_FILES_MAX) {
        return refused(out, CCP_OPTIONS, E2BIG);
    }
    start s = {.options = options, .parent = getpid()};
    s.nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (s.nowhere < 0) return refused(out, CCP_DESCRIPTOR, errno);
    for (size_t i = 0; i < options->group_file_count; i++) s.group_files[s.group_file_count++] = options->group_files[i];
    int error = by_number(&s);
    char *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (error || stack == MAP_FAILED) {
        if (!error) munmap(stack, STACK_BYTES);
        close(s.nowhere);
        return refused(out, error ? CCP_OPTIONS : CCP_CLONE, error ? error : ENOMEM);
    }
    keep_exit_statuses();
    // No handler of ours may run in the child.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int pidfd = -1, dumpable = prctl(PR_GET_DUMPABLE);
    long pid = clone_child(&s, stack, &pidfd);
    // A change of user in the child takes it from the memory that the child shares with us.
    if (options->user != 0 && dumpable == 1) prctl(PR_SET_DUMPABLE, 1);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    munmap(stack, STACK_BYTES);
    close(s.nowhere);
    if (pid < 0) return refused(out, s.step == CCP_STARTED ? CCP_CLONE : s.step, (int)-pid);
    if (s.step != CCP_STARTED) {
        while (waitpid((pid_t)pid, NULL, 0) < 0 && errno == EINTR) {}
        close(pidfd);
        return refused(out, s.step, s.error);
    }
    *out = (ccp_child){.pid = (pid_t)pid, .pidfd = pidfd, .step = CCP_STARTED};
    return 0;
}

const char *ccp_step_name(ccp_step step) {
    switch (step) {
    case CCP_STARTED: return "start";
    case CCP_OPTIONS: return "options";
    case CCP_CLONE: return "clone";
    case CCP_SESSION: return "setsid";
    case CCP_DEATH_SIGNAL: return "death signal";
    case CCP_GROUP: return "control group";
    case CCP_DESCRIPTOR: return "descriptors";
    case CCP_LIMIT: return "limits";
    case CCP_USER: return "user";
    case CCP_FOLDER: return "working directory";
    case CCP_EXEC: return "exec";
    }
    return "start";
}
