#define _GNU_SOURCE
#include "limited_process.h"

#include "spawn_limited.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

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

// Until it has closed its output, the time is up, or there is more than the limit. Answers what stopped it.
static lp_end read_all(int from, lp_limits limits, lp_time *time, lp_result *result) {
    size_t capacity = 0;
    for (;;) {
        int64_t left = lp_time_left(time);
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

lp_result lp_run(const char *const argv[], const void *input, size_t input_size, lp_limits limits) {
    lp_result result = {.end = LP_NOT_STARTED};
    int ends[2];
    int file = memory_file(input, input_size);
    if (file < 0 || pipe2(ends, O_CLOEXEC) != 0) {
        result.code = errno;
        if (file >= 0) close(file);
        return result;
    }
    ccp_child child;
    const ccp_descriptor descriptors[] = {{file, 0}, {ends[1], 1}};
    int error = lp_spawn(argv, limits, descriptors, 2, &child);
    close(file);
    close(ends[1]);
    int status = 0;
    if (error) {
        result.code = error;
    } else {
        close(child.pidfd);
        lp_time time = lp_start_time(child.pid, limits.seconds);
        lp_end how = read_all(ends[0], limits, &time, &result);
        lp_note_end(&result, how, lp_reap(child.pid, how == LP_EXITED ? time.end : 0, &status), status);
    }
    close(ends[0]);
    return result;
}
