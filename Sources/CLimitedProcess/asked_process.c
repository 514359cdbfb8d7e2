#define _GNU_SOURCE
#include "spawn_limited.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

int lp_open(const char *const argv[], lp_limits limits, lp_process *process) {
    *process = (lp_process){.socket = -1};
    int ends[2];
    int error = ccp_socket_pair(ends);
    if (error) return error;
    const ccp_descriptor input = {ends[1], 0};
    ccp_child child;
    error = lp_spawn(argv, limits, &input, 1, &child);
    close(ends[1]);
    if (error) {
        close(ends[0]);
        return error;
    }
    close(child.pidfd);
    *process = (lp_process){child.pid, ends[0]};
    return 0;
}

// 1 when the socket is ready before the time is up.
static int wait_for(int socket, short events, lp_time *time) {
    for (;;) {
        int64_t left = lp_time_left(time);
        struct pollfd waiting = {.fd = socket, .events = events};
        if (left <= 0) return 0;
        if (poll(&waiting, 1, (int)left) > 0) return 1;
    }
}

// LP_ANSWERED when all has gone.
static lp_end send_all(int socket, const void *bytes, size_t size, lp_time *time) {
    for (const char *at = bytes; size > 0;) {
        ssize_t count = ccp_send(socket, at, size, -1, 0);
        if (count == -EAGAIN) {
            if (!wait_for(socket, POLLOUT, time)) return LP_TIMED_OUT;
            continue;
        }
        if (count < 0) return LP_EXITED;
        (at += count, size -= (size_t)count);
    }
    return LP_ANSWERED;
}

static lp_end receive_all(int socket, void *bytes, size_t size, lp_time *time) {
    for (char *at = bytes; size > 0;) {
        ssize_t count = recv(socket, at, size, MSG_DONTWAIT);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == EAGAIN) {
            if (!wait_for(socket, POLLIN, time)) return LP_TIMED_OUT;
            continue;
        }
        if (count <= 0) return LP_EXITED;
        (at += count, size -= (size_t)count);
    }
    return LP_ANSWERED;
}

static lp_end receive_answer(int socket, lp_result *result, size_t output_bytes, lp_time *time) {
    uint64_t length;
    lp_end how = receive_all(socket, &length, sizeof length, time);
    if (how != LP_ANSWERED) return how;
    if (length > output_bytes) return LP_OUTPUT_LIMIT;
    result->output = malloc(length ? (size_t)length : 1);
    if (!result->output) return LP_OUTPUT_LIMIT;
    how = receive_all(socket, result->output, (size_t)length, time);
    if (how == LP_ANSWERED) result->output_size = (size_t)length;
    return how;
}

static int reap(lp_process *process, int64_t end, int *status) {
    int ended_by_itself = lp_reap(process->pid, end, status);
    close(process->socket);
    *process = (lp_process){.socket = -1};
    return ended_by_itself;
}

lp_result lp_ask(
    lp_process *process, const void *head, size_t head_size, const void *body, size_t body_size, lp_limits limits) {
    lp_result result = {.end = LP_EXITED};
    if (process->pid == 0) return result;
    lp_time time = lp_start_time(process->pid, limits.seconds);
    uint64_t length = head_size + body_size;
    // The three small parts in one, so that a small document costs one system call.
    char first[4096];
    size_t begun = 0;
    if (sizeof length + head_size <= sizeof first) {
        memcpy(first, &length, sizeof length);
        memcpy(first + sizeof length, head, head_size);
        begun = sizeof length + head_size;
        size_t room = sizeof first - begun, some = body_size < room ? body_size : room;
        if (some > 0) memcpy(first + begun, body, some);
        result.end = send_all(process->socket, first, begun + some, &time);
        if (result.end == LP_ANSWERED) {
            result.end = send_all(process->socket, (const char *)body + some, body_size - some, &time);
        }
    }
    if (result.end == LP_ANSWERED) result.end = receive_answer(process->socket, &result, limits.output_bytes, &time);
    if (result.end == LP_ANSWERED) return result;
    free(result.output);
    result.output = NULL;
    int status = 0;
    lp_note_end(&result, result.end, reap(process, result.end == LP_EXITED ? time.end : 0, &status), status);
    return result;
}

// Whole pages of it alone.
void lp_forget(lp_result *result, size_t size) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), start = (uintptr_t)result->output;
    uintptr_t first = (start + page - 1) / page * page, end = (start + size) / page * page;
    if (first < end) madvise((void *)first, end - first, MADV_DONTNEED);
}

void lp_close(lp_process *process) {
    int status = 0;
    if (process->pid != 0) reap(process, 0, &status);
}
