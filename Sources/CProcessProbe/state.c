#define _GNU_SOURCE
#include "process_probe.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

uint64_t pp_float_control(void) {
#if defined(__x86_64__)
    unsigned short x87 = 0;
    __asm__ volatile("fnstcw %0" : "=m"(x87));
    // Without the six status flags, which every computation sets.
    return (uint64_t)x87 << 32 | (_mm_getcsr() & ~0x3fU);
#elif defined(__aarch64__)
    uint64_t control = 0;
    __asm__ volatile("mrs %0, fpcr" : "=r"(control));
    return control;
#else
    return 0;
#endif
}

uint64_t pp_blocked_signals(void) {
    sigset_t blocked;
    sigemptyset(&blocked);
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    uint64_t bits = 0;
    for (int number = 1; number <= 64; number++)
        if (sigismember(&blocked, number) == 1) bits |= 1ULL << (number - 1);
    return bits;
}

uintptr_t pp_disposition(int number) {
    struct sigaction now;
    if (sigaction(number, NULL, &now) != 0) return 0;
    return now.sa_flags & SA_SIGINFO ? (uintptr_t)now.sa_sigaction : (uintptr_t)now.sa_handler;
}

const char *pp_signal_name(int number) {
    static const struct {
        int number;
        const char *name;
    } names[] = {
        {SIGHUP, "SIGHUP"},   {SIGINT, "SIGINT"},     {SIGQUIT, "SIGQUIT"}, {SIGILL, "SIGILL"},       {SIGTRAP, "SIGTRAP"},
        {SIGABRT, "SIGABRT"}, {SIGBUS, "SIGBUS"},     {SIGFPE, "SIGFPE"},   {SIGKILL, "SIGKILL"},     {SIGUSR1, "SIGUSR1"},
        {SIGSEGV, "SIGSEGV"}, {SIGUSR2, "SIGUSR2"},   {SIGPIPE, "SIGPIPE"}, {SIGALRM, "SIGALRM"},     {SIGTERM, "SIGTERM"},
        {SIGCHLD, "SIGCHLD"}, {SIGCONT, "SIGCONT"},   {SIGSTOP, "SIGSTOP"}, {SIGTSTP, "SIGTSTP"},     {SIGTTIN, "SIGTTIN"},
        {SIGTTOU, "SIGTTOU"}, {SIGURG, "SIGURG"},     {SIGXCPU, "SIGXCPU"}, {SIGXFSZ, "SIGXFSZ"},     {SIGVTALRM, "SIGVTALRM"},
        {SIGPROF, "SIGPROF"}, {SIGWINCH, "SIGWINCH"}, {SIGIO, "SIGIO"},     {SIGSYS, "SIGSYS"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].number == number) return names[i].name;
    return NULL;
}

unsigned pp_process_flags(void) {
    int adopts = 0;
    prctl(PR_GET_CHILD_SUBREAPER, &adopts);
    return (prctl(PR_GET_DUMPABLE) == 1 ? 1U : 0U) | (adopts ? 2U : 0U) | (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 4U : 0U);
}
