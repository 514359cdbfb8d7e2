// Runs a program on bytes that may be hostile, in a process of its own with limits: whatever it does there, crash, hang
// or grow, costs this process an answer and nothing else. A fault boundary, not a sandbox: the program runs as our
// user.
#ifndef LIMITED_PROCESS_H
#define LIMITED_PROCESS_H
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct {
    uint32_t seconds;       // of computing; of the clock as many, or up to LP_BUSY times while it computes
    uint64_t memory_bytes;  // of address space
    size_t output_bytes;
} lp_limits;

// On a busy machine what runs behind everything else (nice 10) waits for most of its time, and must not fail for that.
enum { LP_BUSY = 10 };

typedef enum {
    LP_EXITED,         // by itself; `code` is its exit code
    LP_SIGNALLED,      // by the signal `code`
    LP_TIMED_OUT,
    LP_OUTPUT_LIMIT,   // it wrote more than it may
    LP_NOT_STARTED,    // `code` is an errno
    LP_ANSWERED,
} lp_end;

typedef struct {
    lp_end end;
    int code;
    char *output;      // all that it wrote to standard output, to be given to free(); NULL when there is none
    size_t output_size;
} lp_result;

/// Runs argv[0], an absolute path, with `input` as its standard input, no environment, and no file of ours open.
/// Standard error goes nowhere. Blocks until the process is gone or its time is up. Any thread; the
/// thread must not end meanwhile, or the process does too.
lp_result lp_run(const char *const argv[], const void *input, size_t input_size, lp_limits limits);

// ---- one that stays, for many inputs ---------------------------------------------------------------------------------

typedef struct {
    pid_t pid;   // 0: it has ended
    int socket;  // its standard input
} lp_process;

/// Starts argv[0] as lp_run does, with a socket as its standard input: `limits.memory_bytes` holds for it, and
/// `seconds` are what it may compute in its whole life. 0 or an errno. It dies with the thread that calls this.
int lp_open(const char *const argv[], lp_limits limits, lp_process *process);

/// Sends u64 length, `head`, `body`, and waits for u64 length and as many bytes, which are the result's output: its end
/// is LP_ANSWERED then. Whatever else it is, the process has been ended. One thread at a time.
lp_result lp_ask(
    lp_process *process, const void *head, size_t head_size, const void *body, size_t body_size, lp_limits limits);

/// Gives back the memory of the output's first `size` bytes, which are not to be read again.
void lp_forget(lp_result *result, size_t size);

/// Ends it. Nothing when it has ended.
void lp_close(lp_process *process);

/// The file of the library or executable that holds `code`; NULL when that can't be told. Good for the process's life.
const char *lp_library_file(const void *code);

#endif
