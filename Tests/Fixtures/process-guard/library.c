// A library that does to its process what its first argument says. The tests open it in program.c.
#define _GNU_SOURCE
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int is(const char *what, const char *word) { return strcmp(what, word) == 0; }

static int overflow(volatile int depth) {  // for ever, which is what it is for
    volatile char space[4096];
    space[0] = (char)depth;
    return overflow(depth + 1) + space[0];
}

static void handler(int number) { (void)number; }

static void limit(int resource, rlim_t now) {
    struct rlimit both;
    getrlimit(resource, &both);
    both.rlim_cur = now;
    setrlimit(resource, &both);
}

__attribute__((visibility("default"))) void misbehave(const char *what);

static void *in_thread(void *what) {
    pthread_setname_np(pthread_self(), "rogue");
    misbehave(what);
    return NULL;
}

__attribute__((constructor)) static void begin(void) {
    const char *what = getenv("AT_LOAD");
    if (what) misbehave(what);
}

void misbehave(const char *what) {
    if (!strncmp(what, "thread:", 7)) {
        pthread_t thread;
        pthread_create(&thread, NULL, in_thread, (void *)(what + 7));
        pthread_join(thread, NULL);
    }
    // The end of the process.
    if (is(what, "exit 0")) exit(0);
    if (is(what, "exit 3")) exit(3);
    if (is(what, "quick_exit")) quick_exit(0);
    if (is(what, "fork and exit")) {
        int status = 0;
        pid_t child = fork();
        if (child == 0) exit(5);
        waitpid(child, &status, 0);
        printf("child: %d\n", WEXITSTATUS(status));
    }
    if (is(what, "fork and stay")) {
        pid_t child = fork();
        if (child == 0) {
            pause();
            _exit(0);
        }
        printf("%d\n", child);
    }
    // Crashes.
    if (is(what, "null")) *(volatile int *)0 = 1;
    if (is(what, "call null")) ((void (*)(void))0)();
    if (is(what, "abort")) abort();
    if (is(what, "double free")) {
        void *volatile bytes = malloc(10);
        free(bytes);
        free(bytes);
    }
    if (is(what, "divide")) {
        volatile int one = 1, zero = 0;
        printf("%d", one / zero);
    }
    if (is(what, "trap")) __builtin_trap();
    if (is(what, "breakpoint")) raise(SIGTRAP);
    if (is(what, "bus")) {
        // Of a file that has no such byte.
        int empty = memfd_create("empty", 0);
        *(volatile char *)mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, empty, 0) = 1;
    }
    if (is(what, "overflow")) overflow(0);
    // What is not its own.
    if (is(what, "directory")) chdir("/");
    if (is(what, "umask")) umask(0777);
    if (is(what, "locale")) setlocale(LC_ALL, "C.UTF-8");
    if (is(what, "thread's locale")) uselocale(newlocale(LC_ALL_MASK, "C.UTF-8", (locale_t)0));
    if (is(what, "SIGTERM")) signal(SIGTERM, SIG_IGN);
    if (is(what, "SIGINT")) signal(SIGINT, handler);
    if (is(what, "SIGHUP")) signal(SIGHUP, SIG_IGN);
    if (is(what, "SIGCHLD")) signal(SIGCHLD, SIG_IGN);
    if (is(what, "SIGPIPE")) signal(SIGPIPE, SIG_DFL);
    if (is(what, "SIGUSR1")) signal(SIGUSR1, handler);
    if (is(what, "SIGSEGV ignored")) signal(SIGSEGV, SIG_IGN);
    if (is(what, "SIGSEGV handled")) signal(SIGSEGV, handler);
    if (is(what, "SIGURG handled")) signal(SIGURG, handler);
    if (is(what, "mask")) {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_BLOCK, &all, NULL);
    }
    if (is(what, "files")) limit(RLIMIT_NOFILE, 8);
    if (is(what, "files for good")) setrlimit(RLIMIT_NOFILE, &(struct rlimit){3, 3});
    if (is(what, "file size")) limit(RLIMIT_FSIZE, 0);
    if (is(what, "hard limit")) setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    if (is(what, "alarm")) alarm(1);
    if (is(what, "close")) {
        close(0);
        close(1);
        close(2);
    }
    if (is(what, "close more"))
        for (int i = 0; i <= 20; i++) close(i);
    if (is(what, "redirect")) dup2(open("/dev/null", O_RDWR), 1);
    if (is(what, "environment")) setenv("LIBRARY_WAS_HERE", "1", 1);
    if (is(what, "clearenv")) clearenv();
#if defined(__x86_64__)
    if (is(what, "rounding")) __builtin_ia32_ldmxcsr(0x1f80 | 0x8040 | 0x6000);
#else
    if (is(what, "rounding")) __asm__ volatile("msr fpcr, %0" : : "r"(1ul << 24));
#endif
}
