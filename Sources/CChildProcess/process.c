#define _GNU_SOURCE
#include "child_process.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int ccp_reap(pid_t pid, int keep, int *status, uint64_t *peak_bytes) {
    siginfo_t info = {0};
    int answer;
    do answer = waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT);
    while (answer != 0 && errno == EINTR);
    if (answer != 0) return -1;
    if (info.si_pid != pid) return 0;
    *status = 0;
    *peak_bytes = 0;
    if (keep) return 1;
    struct rusage usage;
    pid_t reaped;
    do reaped = wait4(pid, status, WNOHANG, &usage);
    while (reaped < 0 && errno == EINTR);
    if (reaped != pid) return -1;
    *peak_bytes = (uint64_t)usage.ru_maxrss * 1024;
    return 1;
}

int ccp_pidfd(pid_t pid) {
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    return pidfd < 0 ? -errno : pidfd;
}

int ccp_signal(int pidfd, int signal_number) {
    return syscall(SYS_pidfd_send_signal, pidfd, signal_number, NULL, 0) == 0 ? 0 : errno;
}

int ccp_child_setup(pid_t parent) {
    struct rlimit none = {0, 0};
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return errno;
    if (parent != 0 && getppid() != parent) _exit(127);
    if (prctl(PR_SET_DUMPABLE, 0) != 0) return errno;
    if (setrlimit(RLIMIT_CORE, &none) != 0) return errno;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
    return 0;
}
