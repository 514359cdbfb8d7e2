// Runs a program on bytes that may be hostile, in a process of its own with limits: whatever it does there, crash, hang
// or grow, costs this process an answer and nothing else. A fault boundary, not a sandbox: the program runs as our
// user.
#ifndef LIMITED_PROCESS_H
#define LIMITED_PROCESS_H
#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint32_t seconds;       // of the clock, and of computing
    uint64_t memory_bytes;  // of address space
    size_t output_bytes;
} lp_limits;

typedef enum {
    LP_EXITED,         // by itself; `code` is its exit code
    LP_SIGNALLED,      // by the signal `code`
    LP_TIMED_OUT,
    LP_OUTPUT_LIMIT,   // it wrote more than it may
    LP_NOT_STARTED,    // `code` is an errno
} lp_end;

typedef struct {
    lp_end end;
    int code;
    char *output;      // all that it wrote to standard output, to be given to free(); NULL when there is none
    size_t output_size;
} lp_result;

/// Runs argv[0], an absolute path, with `input` as its standard input, no environment, and no file of ours open.
/// Standard error goes nowhere. Blocks until the process is gone, at most `seconds` and a moment. Any thread; the
/// thread must not end meanwhile, or the process does too.
lp_result lp_run(const char *const argv[], const void *input, size_t input_size, lp_limits limits);

#endif
