#define _GNU_SOURCE
#include "process_output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "state_parts.h"

void pg_open_standard_descriptors(void) {
    for (int number = 0; number <= 2; number++) {
        if (fcntl(number, F_GETFD) != -1) continue;
        // The other way round, so that each use fails. open() takes the lowest number that is free: this one.
        int file = open("/dev/null", number == 0 ? O_WRONLY : O_RDONLY);
        if (file > 2) close(file);
    }
    place_canary();
}

pg_output pg_output_to(int descriptor) {
    pg_output output = {descriptor, PG_WAY_POLLED};
    struct stat status;
    if (fstat(descriptor, &status) != 0) return output;
    if (S_ISREG(status.st_mode)) output.way = PG_WAY_PLAIN;
    if (S_ISSOCK(status.st_mode)) output.way = PG_WAY_SOCKET;
    if (S_ISFIFO(status.st_mode) || isatty(descriptor)) {
        char path[40];
        snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
        int again = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        // Away from the low numbers, which a library closes that closes what it does not know.
        int high = again < 0 ? -1 : fcntl(again, F_DUPFD_CLOEXEC, 200);
        if (high >= 0) close(again);
        if (again >= 0) output = (pg_output){high >= 0 ? high : again, PG_WAY_NONBLOCKING};
    }
    return output;
}

size_t pg_output_write(pg_output output, const void *bytes, size_t size, int *error) {
    size_t done = 0;
    *error = 0;
    while (done < size) {
        const char *rest = (const char *)bytes + done;
        size_t left = size - done;
        ssize_t count;
        if (output.way == PG_WAY_SOCKET) {
            count = send(output.descriptor, rest, left, MSG_DONTWAIT | MSG_NOSIGNAL);
        } else if (output.way == PG_WAY_POLLED) {
            struct pollfd asked = {.fd = output.descriptor, .events = POLLOUT};
            if (poll(&asked, 1, 0) == 0) {
                *error = EAGAIN;
                return done;
            }
            count = write(output.descriptor, rest, left < PIPE_BUF ? left : PIPE_BUF);
        } else {
            count = write(output.descriptor, rest, left);
        }
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) {
            *error = count < 0 ? errno : ENOSPC;
            return done;
        }
        done += (size_t)count;
    }
    return done;
}
