#include "spawn_limited.h"

#include <sys/resource.h>

int lp_spawn(
    const char *const argv[], lp_limits limits, const ccp_descriptor *descriptors, size_t count, ccp_child *child) {
    static const char *const no_environment[] = {NULL};
    const ccp_limit all[] = {
        // At the first of the two it gets SIGXCPU, by which we know why it ended; at the second SIGKILL.
        {RLIMIT_CPU, limits.seconds, (uint64_t)limits.seconds + 1},
        {RLIMIT_AS, limits.memory_bytes, 0},
        {RLIMIT_FSIZE, 0, 0},
        {RLIMIT_NPROC, 0, 0},
    };
    ccp_options options = {
        .path = argv[0], .argv = argv, .environment = no_environment, .descriptors = descriptors,
        .descriptor_count = count, .limits = all, .limit_count = sizeof all / sizeof *all, .group_folder = -1,
        .no_new_privileges = 1, .nice = 10,
    };
    return ccp_spawn(&options, child);
}
