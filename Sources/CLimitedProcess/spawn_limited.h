// How both kinds of limited process are started and ended.
#ifndef SPAWN_LIMITED_H
#define SPAWN_LIMITED_H
#include <child_process.h>

#include "limited_process.h"

#include <sys/types.h>

int lp_spawn(
    const char *const argv[], lp_limits limits, const ccp_descriptor *descriptors, size_t count, ccp_child *child);
/// Waits for a child that has closed its output until `end`, and a second at least; one that is still there is killed.
/// `end` 0: it is killed at once. Answers whether it ended by itself.
int lp_reap(pid_t child, int64_t end, int *status);
/// Says in `result` how a child ended that stopped to answer for the reason `how`.
void lp_note_end(lp_result *result, lp_end how, int ended_by_itself, int status);
/// The time of a monotonic clock.
int64_t lp_milliseconds(void);

#endif
