// What the conformance kit needs of the operating system and Swift cannot say: a line about a crash, memory that can be
// taken away again, and the parts of a process's state that libraries change behind one's back.
#ifndef PROCESS_PROBE_H
#define PROCESS_PROBE_H
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// The descriptor on which a child writes its results: high, so that a provider which closes the first ones does not hit
// it.
enum { PP_RESULTS = 230 };

// Crashes

/// From here on a fatal signal leaves one line {"crash": {...}} on `results` before the process ends by it.
void pp_report_crashes(int results);
/// The code in this range is the library's: a crash in it is named by its offset. `name` is kept, not copied.
void pp_name_library(uintptr_t start, uintptr_t end, const char *name);
/// Sets the calling thread's current activity, for the line about a crash; NULL: none. Kept, not
/// copied.
void pp_doing(const char *what);
/// Makes the calling thread one of the kit's: named, with no signal blocked (threads inherit what dispatch blocks), and
/// with a stack for signal handlers, for when its own is full. `name` has at most 15 characters.
void pp_enter_thread(const char *name);

// Memory that is lent

/// `size` bytes that end where a page ends that cannot be read; all zero. NULL when there is no memory.
void *pp_lend(size_t size);
/// The memory can't be read any more. A crash by it is explained with `why`, which is kept, not copied.
void pp_take_back(void *bytes, size_t size, const char *why);

// The process's state

/// The control bits of the calling thread's floating-point unit: rounding, flushing of denormals, traps.
uint64_t pp_float_control(void);
/// The signals that the calling thread blocks: bit n - 1 for signal n.
uint64_t pp_blocked_signals(void);
/// The disposition of signal `number`: the handler's address, 0 for the default, 1 when it is ignored.
uintptr_t pp_disposition(int number);
/// "SIGTERM", or NULL.
const char *pp_signal_name(int number);
/// Whether the process can dump core, adopts orphans, may gain privileges: one bit each.
unsigned pp_process_flags(void);

// Threads

/// Whether a frame of the thread's stack lies in [start, end): 1, 0, or -1 when it could not be asked.
int pp_thread_runs_in(pid_t thread, uintptr_t start, uintptr_t end);

#endif
