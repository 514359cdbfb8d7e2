// A child for the tests, which does as its first argument says. Built with the sources of CChildProcess.
#define _GNU_SOURCE
#include <child_process.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

extern char **environ;

static void say_descriptors(void) {
    for (int number = 0; number < 4096; number++) {
        char path[64], target[256];
        snprintf(path, sizeof path, "/proc/self/fd/%d", number);
        ssize_t count = readlink(path, target, sizeof target - 1);
        if (count < 0) continue;
        target[count] = 0;
        printf("%d %s\n", number, target);
    }
}

static void say_signals(void) {
    sigset_t blocked;
    sigprocmask(SIG_SETMASK, NULL, &blocked);
    int odd = 0;
    for (int number = 1; number < NSIG; number++) {
        struct sigaction now;
        if (sigaction(number, NULL, &now) != 0) continue;
        odd += sigismember(&blocked, number) || now.sa_handler != SIG_DFL;
    }
    printf("%d\n", odd);
}

static void say_setup(pid_t parent) {
    int answer = ccp_child_setup(parent);
    struct rlimit core;
    int death_signal = 0;
    getrlimit(RLIMIT_CORE, &core);
    prctl(PR_GET_PDEATHSIG, &death_signal);
    printf("%d dumpable %d core %ld privileges %d signal %d\n", answer, prctl(PR_GET_DUMPABLE), (long)core.rlim_max,
        prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), death_signal);
}

// Goes on until it is ended: a limit of memory must end it, however slow the machine is.
static void grow(int is_shared) {
    const size_t step = 1 << 20;
    for (size_t total = 0; total < (size_t)4 << 30; total += step) {
        int flags = MAP_ANONYMOUS | (is_shared ? MAP_SHARED : MAP_PRIVATE);
        char *memory = mmap(NULL, step, PROT_READ | PROT_WRITE, flags, -1, 0);
        if (memory == MAP_FAILED) exit(9);
        memset(memory, 1, step);
        usleep(1000);
    }
    exit(8);
}

static void *wait_for_ever(void *nothing) {
    for (;;) pause();
    return nothing;
}

static void start_processes(int count) {
    for (int i = 0; i < count; i++) {
        pid_t child = fork();
        if (child < 0) exit(errno == EAGAIN ? 7 : 6);
        if (child == 0) wait_for_ever(NULL);
    }
    puts("all started");
    fflush(stdout);
    wait_for_ever(NULL);
}

static void start_threads(int count) {
    for (int i = 0; i < count; i++) {
        pthread_t thread;
        pthread_attr_t attributes;
        pthread_attr_init(&attributes);
        pthread_attr_setstacksize(&attributes, 64 << 10);
        if (pthread_create(&thread, &attributes, wait_for_ever, NULL) != 0) exit(7);
    }
    puts("all started");
    fflush(stdout);
    wait_for_ever(NULL);
}

// A process that outlives this one, with its pipes. Says its pid.
static void leave_process(int is_in_own_session) {
    int ends[2];
    char byte;
    if (pipe(ends) != 0) exit(6);
    pid_t child = fork();
    if (child == 0) {
        if (is_in_own_session) setsid();
        if (write(ends[1], "x", 1) != 1) exit(6);
        wait_for_ever(NULL);
    }
    // Not before it has left the group, or it would not have.
    if (read(ends[0], &byte, 1) != 1) exit(6);
    printf("%d\n", (int)child);
    fflush(stdout);
    _exit(0);
}

static void compute(double seconds) {
    struct rusage usage;
    do getrusage(RUSAGE_SELF, &usage);
    while ((double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec + usage.ru_utime.tv_usec * 1e-6
               + usage.ru_stime.tv_usec * 1e-6 < seconds);
}

int main(int count, char **arguments) {
    const char *mode = count > 1 ? arguments[1] : "";
    int number = count > 2 ? atoi(arguments[2]) : 0;
    if (!strcmp(mode, "arguments")) for (int i = 2; i < count; i++) puts(arguments[i]);
    if (!strcmp(mode, "environment")) for (char **at = environ; *at; at++) puts(*at);
    if (!strcmp(mode, "descriptors")) say_descriptors();
    if (!strcmp(mode, "signals")) say_signals();
    if (!strcmp(mode, "input")) printf("%d\n", getchar());
    if (!strcmp(mode, "ids")) printf("%d %d %d\n", getpid() == getpgrp(), getpid() == getsid(0), getppid() == number);
    if (!strcmp(mode, "setup")) say_setup(number);
    if (!strcmp(mode, "exit")) return number;
    if (!strcmp(mode, "raise")) raise(number);
    if (!strcmp(mode, "grow")) grow(0);
    if (!strcmp(mode, "grow-shared")) grow(1);
    if (!strcmp(mode, "processes")) start_processes(number);
    if (!strcmp(mode, "threads")) start_threads(number);
    if (!strcmp(mode, "leave")) leave_process(number);
    if (!strcmp(mode, "compute")) compute(number);
    if (!strcmp(mode, "files")) while (open("/dev/null", O_RDONLY) >= 0) number++;
    if (!strcmp(mode, "files")) printf("%d\n", number + 3);
    if (!strcmp(mode, "lines")) for (int i = 0; i < number; i++) printf("%d\n", i);
    if (!strcmp(mode, "ignore")) signal(number, SIG_IGN);
    if (!strcmp(mode, "ignore") || !strcmp(mode, "wait")) {
        puts("waiting");
        fflush(stdout);
        wait_for_ever(NULL);
    }
    return 0;
}
