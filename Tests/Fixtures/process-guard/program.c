// A host of one library, with the guards of CProcessGuard. Arguments: library, mode, what the library is to do.
#define _GNU_SOURCE
#include <process_guard.h>
#include <process_output.h>
#include <process_state.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void say(void *context, const char *what, pg_restored restored) {
    (void)context;
    static const char *const ends[] = {"put back", "could not be put back", "left"};
    printf("%s: %s\n", what, ends[restored]);
}

static void (*open_library(const char *path))(const char *) {
    pg_enter("library", "load", NULL);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    pg_refresh_modules();
    pg_leave();
    if (!library) {
        puts(dlerror());
        exit(99);
    }
    return (void (*)(const char *))dlsym(library, "misbehave");
}

static void old_handler(int number) {
    (void)number;
    static const char text[] = "the handler that was there before\n";
    if (write(2, text, sizeof text - 1) < 0) _exit(96);
}

// Most of what a watch compares, looked at in another way.
static void print_state(const char *when) {
    char text[4096];
    struct rlimit files, size;
    sigset_t mask;
    struct stat out;
    getrlimit(RLIMIT_NOFILE, &files);
    getrlimit(RLIMIT_FSIZE, &size);
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    fstat(1, &out);
    mode_t now = umask(0);
    umask(now);
    printf("%s: %s umask %o files %llu size %llu mask %d alarm %u output %llu signals ", when, getcwd(text, sizeof text), now,
            (unsigned long long)files.rlim_cur, (unsigned long long)size.rlim_cur,
            sigismember(&mask, SIGTERM), alarm(0), (unsigned long long)out.st_ino);
    for (int i = 1; i < 32; i++) {
        struct sigaction action;
        if (sigaction(i, NULL, &action) != 0) continue;
        putchar(action.sa_handler == SIG_DFL ? '-' : action.sa_handler == SIG_IGN ? 'i' : 'h');
    }
    volatile double third = 1.0, by = 3.0;
    printf(" a third %.17g\n", third / by);
}

int main(int count, char **arguments) {
    if (count < 4) return 98;
    setvbuf(stdout, NULL, _IONBF, 0);
    const char *mode = arguments[2], *what = arguments[3];
    signal(SIGPIPE, SIG_IGN);
    pg_open_standard_descriptors();

    if (!strcmp(mode, "output")) {
        // As many lines as `what` says, to standard output; the count of whole ones and the last error on standard error.
        pg_output output = pg_output_to(1);
        int whole = 0, error = 0, last = 0;
        for (int i = 0; i < atoi(what); i++) {
            char text[128];
            int size = snprintf(text, sizeof text, "line %06d %s\n", i, "........................................");
            if (pg_output_write(output, text, (size_t)size, &error) == (size_t)size) whole++;
            if (error) last = error;
        }
        fprintf(stderr, "%d %s\n", whole, last ? strerrorname_np(last) : "-");
        return 0;
    }

    pg_guard_exit();
    if (!strcmp(mode, "lock")) {
        // Takes the lock `what`, lets the library fork, ends.
        int file = open(what, O_RDWR | O_CREAT, 0600);
        if (flock(file, LOCK_EX | LOCK_NB) != 0) return 97;
        if (count > 4) pg_close_in_fork(file);
        open_library(arguments[1])("fork and stay");
        pg_leaving();
        exit(0);
    }
    if (!strcmp(mode, "crash")) {
        if (getenv("OLD_HANDLER")) signal(SIGSEGV, old_handler);
        pg_guard_crashes();
        pg_set_crash_fd(count > 4 ? atoi(arguments[4]) : -1);
    }
    void (*misbehave)(const char *) = open_library(arguments[1]);
    if (!strcmp(mode, "watch")) {
        print_state("before");
        pg_enter("inference/x", "create", NULL);
        pg_watch *watch = pg_watch_begin();
        misbehave(what);
        pg_watch_end(watch, say, NULL);
        pg_leave();
        print_state("after");
    } else if (!strcmp(mode, "overlap")) {
        // The second begins while the first one's change stands.
        pg_watch *first = pg_watch_begin();
        misbehave(what);
        pg_watch *second = pg_watch_begin();
        pg_watch_end(first, say, NULL);
        puts("-");
        pg_watch_end(second, say, NULL);
    } else {
        pg_enter("inference/outer", "chat_completion", "outer-1");
        pg_enter("inference/\"bad\"\n", "chat_completion", "request-7");
        misbehave(what);
        pg_leave();
        pg_leave();
    }
    pg_leaving();
    exit(0);
}
