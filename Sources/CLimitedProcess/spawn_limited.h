// How both kinds of limited process are started and ended.
#ifndef SPAWN_LIMITED_H
#define SPAWN_LIMITED_H
#include <child_process.h>

#include "limited_process.h"

#include <sys/types.h>
#include <time.h>

int lp_spawn(
    const char *const argv[], lp_limits limits, const ccp_descriptor *descriptors, size_t count, ccp_child *child);

/// The time that a child has for what it was asked.
typedef struct {
    clockid_t clock;         // of its computing
    int64_t computed_max;    // when its time is up, by that clock
    int64_t computed, seen;  // what it had computed when it was looked at, and when that was
    int64_t end, last;       // when it is to be looked at again, and when its time is up whatever it does
} lp_time;
lp_time lp_start_time(pid_t child, uint32_t seconds);
/// Milliseconds to wait for the child before this is called again; 0 when its time is up.
int64_t lp_time_left(lp_time *time);

/// Waits for a child that has closed its output until `end`, and a second at least; one that is still there is killed.
/// `end` 0: it is killed at once. Answers whether it ended by itself.
int lp_reap(pid_t child, int64_t end, int *status);
/// Says in `result` how a child ended that stopped to answer for the reason `how`.
void lp_note_end(lp_result *result, lp_end how, int ended_by_itself, int status);
/// The time of a monotonic clock.
int64_t lp_milliseconds(void);

#endif
