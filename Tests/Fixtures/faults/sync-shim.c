/* Preloaded into a process: counts its syncs, and lets one of them fail as a disk would.
 *
 * SYNC_FAIL_AT=N   the N-th fsync or fdatasync of a file whose name ends with SYNC_FAIL_FILE answers EIO
 * WRITE_FAULT_EVERY=N  every N-th write to a file whose name ends with SYNC_FAIL_FILE is WRITE_FAULT:
 *                  "EIO", "ENOSPC" or "EDQUOT" fail so, "EINTR" is interrupted, "short" takes half of the bytes
 * WRITE_FAULT_FILE gets a line for each of them
 * SYNC_COUNT_FILE  where the number of syncs so far is kept, as text
 * SYNC_LOG_FILE    gets the path of every file that is synced, a line each
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_int syncs, matching, writes;

static int is_meant(int fd, const char *suffix) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    size_t end = suffix ? strlen(suffix) : 0;
    return suffix && length >= (ssize_t)end && memcmp(path + length - end, suffix, end) == 0;
}

static int fails(int fd) {
    const char *count_file = getenv("SYNC_COUNT_FILE"), *suffix = getenv("SYNC_FAIL_FILE"), *at = getenv("SYNC_FAIL_AT");
    int count = atomic_fetch_add(&syncs, 1) + 1;
    if (count_file) {
        char text[32];
        int out = open(count_file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        int size = snprintf(text, sizeof text, "%010d\n", count);
        if (out >= 0) {
            if (pwrite(out, text, size, 0) < 0) { /* the test will see it */ }
            close(out);
        }
    }
    const char *log_file = getenv("SYNC_LOG_FILE");
    if (!log_file && (!at || !suffix)) return 0;
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    if (log_file) {
        int out = open(log_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (out >= 0) {
            if (dprintf(out, "%s\n", path) < 0) { /* the test will see it */ }
            close(out);
        }
    }
    if (!at || !is_meant(fd, suffix)) return 0;
    if (atomic_fetch_add(&matching, 1) + 1 != atoi(at)) return 0;
    errno = EIO;
    return 1;
}

int fsync(int fd) {
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    return fails(fd) ? -1 : real(fd);
}

int fdatasync(int fd) {
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    return fails(fd) ? -1 : real(fd);
}

/* How many of `size` bytes this write may take; -1 with errno: none. */
static ssize_t allowed(int fd, size_t size) {
    static const struct { const char *name; int number; } faults[] = {
        {"EIO", EIO}, {"ENOSPC", ENOSPC}, {"EDQUOT", EDQUOT}, {"EINTR", EINTR}};
    const char *every = getenv("WRITE_FAULT_EVERY"), *fault = getenv("WRITE_FAULT");
    if (!every || !fault || !is_meant(fd, getenv("SYNC_FAIL_FILE"))) return (ssize_t)size;
    if ((atomic_fetch_add(&writes, 1) + 1) % atoi(every) != 0) return (ssize_t)size;
    int out = open(getenv("WRITE_FAULT_FILE"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (out >= 0) {
        if (dprintf(out, "%s\n", fault) < 0) { /* the test will see it */ }
        close(out);
    }
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        if (strcmp(faults[i].name, fault) == 0) {
            errno = faults[i].number;
            return -1;
        }
    }
    return (ssize_t)(size > 1 ? size / 2 : size);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t place) {
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    if (!real) real = (ssize_t (*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
    ssize_t count = allowed(fd, size);
    return count < 0 ? -1 : real(fd, bytes, (size_t)count, place);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t place) { return pwrite64(fd, bytes, size, place); }
