/* Loaded before a program (LD_PRELOAD), makes the clocks that programs time themselves with show the CPU time of the
   process. With one thread that is the time it would take on an idle machine, whatever else runs. For programs that have no
   other thread: one that waits for such a clock spins. */
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *time) {
    if (clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_RAW || clock == CLOCK_BOOTTIME || clock == CLOCK_REALTIME) {
        clock = CLOCK_PROCESS_CPUTIME_ID;
    }
    return (int)syscall(SYS_clock_gettime, clock, time);
}
