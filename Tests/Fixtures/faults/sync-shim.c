/* Preloaded into a process: counts its syncs, and lets one of them fail as a disk would.
 *
 * SYNC_FAIL_AT=N   the N-th fsync or fdatasync of a file whose name ends with SYNC_FAIL_FILE answers EIO
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

static atomic_int syncs, matching;

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
    if (!at || !suffix) return 0;
    size_t end = strlen(suffix);
    if ((size_t)length < end || strcmp(path + length - end, suffix) != 0) return 0;
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
