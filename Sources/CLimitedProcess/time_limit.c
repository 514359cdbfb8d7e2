#define _GNU_SOURCE
#include "spawn_limited.h"

// A child that computes less than this part of its time waits for something else than a processor.
enum { computing_part = 200, shortest_look_milliseconds = 50 };

static int64_t milliseconds(clockid_t clock) {
    struct timespec now;
    // The clock of a child that is gone stands still.
    if (clock_gettime(clock, &now) != 0) return 0;
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t lp_milliseconds(void) { return milliseconds(CLOCK_MONOTONIC); }

lp_time lp_start_time(pid_t child, uint32_t seconds) {
    const int64_t most = (int64_t)seconds * 1000, now = lp_milliseconds();
    lp_time time = {.clock = CLOCK_MONOTONIC, .seen = now, .end = now + most, .last = now + LP_BUSY * most};
    // Without a clock of its own the child's time is that of the wall.
    if (clock_getcpuclockid(child, &time.clock) != 0) time.last = time.end;
    time.computed = milliseconds(time.clock);
    time.computed_max = time.computed + most;
    return time;
}

int64_t lp_time_left(lp_time *time) {
    const int64_t now = lp_milliseconds();
    if (now < time->end) return time->end - now;
    const int64_t computed = milliseconds(time->clock), left = time->computed_max - computed;
    const int is_computing = computed - time->computed >= (now - time->seen) / computing_part;
    if (now >= time->last || left <= 0 || !is_computing) return 0;
    (time->computed = computed, time->seen = now);
    time->end = now + (left > shortest_look_milliseconds ? left : shortest_look_milliseconds);
    if (time->end > time->last) time->end = time->last;
    return time->end - now;
}
