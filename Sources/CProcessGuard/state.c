#define _GNU_SOURCE
#include "state_parts.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

static const char *const limit_names[RLIM_NLIMITS] = {
    [RLIMIT_CPU] = "CPU",         [RLIMIT_FSIZE] = "FSIZE",           [RLIMIT_DATA] = "DATA",
    [RLIMIT_STACK] = "STACK",     [RLIMIT_CORE] = "CORE",             [RLIMIT_RSS] = "RSS",
    [RLIMIT_NPROC] = "NPROC",     [RLIMIT_NOFILE] = "NOFILE",         [RLIMIT_MEMLOCK] = "MEMLOCK",
    [RLIMIT_AS] = "AS",           [RLIMIT_LOCKS] = "LOCKS",           [RLIMIT_SIGPENDING] = "SIGPENDING",
    [RLIMIT_NICE] = "NICE",       [RLIMIT_MSGQUEUE] = "MSGQUEUE",     [RLIMIT_RTPRIO] = "RTPRIO",
    [RLIMIT_RTTIME] = "RTTIME",
};
static const char *const timer_names[TIMERS] = {"ITIMER_REAL", "ITIMER_VIRTUAL", "ITIMER_PROF"};
static const char *const file_names[3] = {"standard input", "standard output", "standard error"};

static int copies[3] = {-1, -1, -1};

__attribute__((format(printf, 3, 4))) static void add(report *to, pg_restored restored, const char *format, ...) {
    if (to->count == REPORTS) return;
    va_list list;
    va_start(list, format);
    vsnprintf(to->changes[to->count].what, sizeof to->changes[0].what, format, list);
    va_end(list);
    to->changes[to->count++].restored = restored;
}

static pg_restored restored_when(int it_is) { return it_is ? PG_PUT_BACK : PG_NOT_PUT_BACK; }

// MARK: what there is

// Asking umask() for it would set it, and another thread may create a file just then.
static int current_umask(void) {
    char text[2048];
    int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    if (file < 0) return -1;
    ssize_t count = read(file, text, sizeof text - 1);
    close(file);
    text[count > 0 ? count : 0] = 0;
    const char *found = strstr(text, "\nUmask:");
    return found ? (int)strtol(found + 7, NULL, 8) : -1;
}

static open_file file_at(int descriptor) {
    struct stat status;
    if (fstat(descriptor, &status) != 0) return (open_file){0};
    return (open_file){.is_open = 1, .device = status.st_dev, .special = status.st_rdev, .inode = status.st_ino};
}

static int is_same_file(open_file a, open_file b) {
    return a.is_open == b.is_open && a.device == b.device && a.special == b.special && a.inode == b.inode;
}

// FNV-1a.
static uint64_t environment_hash(void) {
    uint64_t hash = 14695981039346656037u;
    for (char **one = environ; one && *one; one++)
        for (const char *byte = *one;; byte++) {
            hash = (hash ^ (unsigned char)*byte) * 1099511628211u;
            if (!*byte) break;
        }
    return hash;
}

void note_process(process_state *to) {
    if (!getcwd(to->directory, sizeof to->directory)) to->directory[0] = 0;
    const char *locale = setlocale(LC_ALL, NULL);
    snprintf(to->locale, sizeof to->locale, "%s", locale ? locale : "");
    to->umask = current_umask();
    for (int i = 1; i < SIGNAL_NUMBERS; i++) sigaction(i, NULL, &to->signals[i]);
    for (int i = 0; i < RLIM_NLIMITS; i++) getrlimit(i, &to->limits[i]);
    for (int i = 0; i < TIMERS; i++) getitimer(i, &to->timers[i]);
    for (int i = 0; i < 3; i++) to->files[i] = file_at(i);
    to->environment = environment_hash();
}

void keep_standard_descriptors(void) {
    for (int i = 0; i < 3; i++) {
        open_file now = file_at(i);
        if (copies[i] >= 0 && is_same_file(now, file_at(copies[i]))) continue;
        // Away from the low numbers, which a library closes that closes what it does not know.
        copies[i] = !now.is_open ? -1 : fcntl(i, F_DUPFD_CLOEXEC, 200);
        if (now.is_open && copies[i] < 0) copies[i] = fcntl(i, F_DUPFD_CLOEXEC, 3);
    }
}

// MARK: put back

static int is_fault(int number) {
    return number == SIGSEGV || number == SIGBUS || number == SIGILL || number == SIGFPE || number == SIGTRAP ||
           number == SIGABRT;
}

static int has_handler(const struct sigaction *action) {
    return action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN;
}

static int is_same_action(const struct sigaction *a, const struct sigaction *b) {
    // Go adds SA_ONSTACK to the handlers that it finds, and is right.
    if (a->sa_handler != b->sa_handler || (a->sa_flags | SA_ONSTACK) != (b->sa_flags | SA_ONSTACK)) return 0;
    for (int i = 1; i < SIGNAL_NUMBERS; i++)
        if (sigismember(&a->sa_mask, i) != sigismember(&b->sa_mask, i)) return 0;
    return 1;
}

static void restore_signals(const process_state *then, const process_state *now, report *to) {
    for (int i = 1; i < SIGNAL_NUMBERS; i++) {
        if (is_same_action(&then->signals[i], &now->signals[i])) continue;
        // Every server wants this, and its network library may have set it just now.
        if (i == SIGPIPE && now->signals[i].sa_handler == SIG_IGN) continue;
        int is_runtimes = is_fault(i) || i == SIGURG || i == SIGPROF || i >= SIGRTMIN;
        const char *name = sigabbrev_np(i);
        char number[16];
        snprintf(number, sizeof number, "%d", i);
        pg_restored restored = PG_LEFT;
        if (!is_runtimes || !has_handler(&now->signals[i]))
            restored = restored_when(sigaction(i, &then->signals[i], NULL) == 0);
        add(to, restored, "what %s%s does", name ? "SIG" : "signal ", name ? name : number);
    }
}

static void describe(char *to, size_t size, rlim_t value) {
    if (value == RLIM_INFINITY)
        snprintf(to, size, "unlimited");
    else
        snprintf(to, size, "%llu", (unsigned long long)value);
}

static int is_same_limit(struct rlimit a, struct rlimit b) {
    return a.rlim_cur == b.rlim_cur && a.rlim_max == b.rlim_max;
}

// Fewer than any process needs that does something.
enum { DESCRIPTORS_MIN = 16 };

static int opens_too_few(void) {
    int files[DESCRIPTORS_MIN], count = 0;
    while (count < DESCRIPTORS_MIN && (files[count] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0) count++;
    for (int i = 0; i < count; i++) close(files[i]);
    return count < DESCRIPTORS_MIN;
}

static void restore_limits(const process_state *then, const process_state *now, report *to) {
    for (int i = 0; i < RLIM_NLIMITS; i++) {
        struct rlimit old = then->limits[i], new = now->limits[i];
        if (is_same_limit(old, new)) continue;
        int is_back = setrlimit(i, &old) == 0;
        if (!is_back) {
            // The hard limit can't be raised again. As far as it reaches, then.
            struct rlimit most = {old.rlim_cur < new.rlim_max ? old.rlim_cur : new.rlim_max, new.rlim_max};
            is_back = setrlimit(i, &most) == 0 && most.rlim_cur == old.rlim_cur;
        }
        char from[24], until[24];
        describe(from, sizeof from, old.rlim_cur);
        describe(until, sizeof until, new.rlim_cur);
        if (i == RLIMIT_NOFILE && !is_back) to->opens_too_few = opens_too_few();
        add(to, restored_when(is_back), "the resource limit RLIMIT_%s (%s to %s)", limit_names[i], from, until);
    }
}

static int is_same_timer(const struct itimerval *a, const struct itimerval *b) {
    return !timercmp(&a->it_interval, &b->it_interval, !=) && timerisset(&a->it_value) == timerisset(&b->it_value);
}

void restore_process(const process_state *then, const process_state *now, report *to) {
    // Descriptors first, so that what is said next is heard.
    for (int i = 0; i < 3; i++) {
        if (is_same_file(then->files[i], now->files[i])) continue;
        int is_back = then->files[i].is_open ? copies[i] >= 0 && dup2(copies[i], i) == i : close(i) == 0;
        add(to, restored_when(is_back), "descriptor %d (%s)", i, file_names[i]);
    }
    restore_limits(then, now, to);
    restore_signals(then, now, to);
    for (int i = 0; i < TIMERS; i++)
        if (!is_same_timer(&then->timers[i], &now->timers[i]))
            add(to, restored_when(setitimer(i, &then->timers[i], NULL) == 0), "the timer %s", timer_names[i]);
    if (strcmp(then->directory, now->directory) != 0)
        add(to, restored_when(then->directory[0] && chdir(then->directory) == 0), "the process's working directory");
    if (then->umask != now->umask && then->umask >= 0) {
        umask((mode_t)then->umask);
        add(to, PG_PUT_BACK, "the process's umask (%04o to %04o)", (unsigned)then->umask, (unsigned)now->umask);
    }
    if (strcmp(then->locale, now->locale) != 0)
        add(to, restored_when(setlocale(LC_ALL, then->locale) != NULL), "the process's locale");
    if (then->environment != now->environment) add(to, PG_LEFT, "the environment");
}

void adopt(process_state *one, const process_state *then, const process_state *found, const process_state *restored) {
    if (strcmp(one->directory, found->directory) == 0) strcpy(one->directory, restored->directory);
    if (strcmp(one->locale, found->locale) == 0) strcpy(one->locale, restored->locale);
    if (one->umask == found->umask) one->umask = restored->umask;
    for (int i = 1; i < SIGNAL_NUMBERS; i++)
        if (is_same_action(&one->signals[i], &found->signals[i]) ||
            is_same_action(&one->signals[i], &then->signals[i]))
            one->signals[i] = restored->signals[i];
    for (int i = 0; i < RLIM_NLIMITS; i++)
        if (is_same_limit(one->limits[i], found->limits[i])) one->limits[i] = restored->limits[i];
    for (int i = 0; i < TIMERS; i++)
        if (is_same_timer(&one->timers[i], &found->timers[i])) one->timers[i] = restored->timers[i];
    for (int i = 0; i < 3; i++)
        if (is_same_file(one->files[i], found->files[i])) one->files[i] = restored->files[i];
    if (then->environment != found->environment) one->environment = restored->environment;
}

// MARK: the thread

// The bits that decide, without those that tell what happened.
static uint64_t rounding(void) {
#if defined(__x86_64__)
    uint32_t vector = __builtin_ia32_stmxcsr();
    uint16_t classic;
    __asm__ volatile("fnstcw %0" : "=m"(classic));
    return (vector & ~0x3fu) | (uint64_t)classic << 32;
#elif defined(__aarch64__)
    uint64_t control;
    __asm__ volatile("mrs %0, fpcr" : "=r"(control));
    return control;
#else
    return 0;
#endif
}

static void set_rounding(uint64_t to) {
#if defined(__x86_64__)
    uint16_t classic = (uint16_t)(to >> 32);
    __builtin_ia32_ldmxcsr((uint32_t)to);
    __asm__ volatile("fldcw %0" : : "m"(classic));
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"(to));
#else
    (void)to;
#endif
}

void note_thread(thread_state *to) {
    pthread_sigmask(SIG_SETMASK, NULL, &to->mask);
    to->locale = uselocale((locale_t)0);
    to->rounding = rounding();
}

void restore_thread(const thread_state *then, report *to) {
    thread_state now;
    note_thread(&now);
    int is_same_mask = 1;
    for (int i = 1; i < SIGNAL_NUMBERS; i++)
        is_same_mask &= sigismember(&then->mask, i) == sigismember(&now.mask, i);
    if (!is_same_mask)
        add(to, restored_when(pthread_sigmask(SIG_SETMASK, &then->mask, NULL) == 0), "the calling thread's signal mask");
    if (then->locale != now.locale)
        add(to, restored_when(uselocale(then->locale) != (locale_t)0), "the calling thread's locale");
    if (then->rounding != now.rounding) {
        set_rounding(then->rounding);
        add(to, PG_PUT_BACK, "how the calling thread rounds floating-point numbers");
    }
}
