// How both kinds of limited process are started.
#ifndef SPAWN_LIMITED_H
#define SPAWN_LIMITED_H
#include <child_process.h>

#include "limited_process.h"

int lp_spawn(
    const char *const argv[], lp_limits limits, const ccp_descriptor *descriptors, size_t count, ccp_child *child);
/// The time of a monotonic clock.
int64_t lp_milliseconds(void);

#endif
