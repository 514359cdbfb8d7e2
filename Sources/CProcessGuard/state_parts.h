// The state of a process and of a thread, as far as a watch compares it.
#ifndef STATE_PARTS_H
#define STATE_PARTS_H
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/types.h>

#include "process_state.h"

enum { TIMERS = 3, SIGNAL_NUMBERS = 65 };

typedef struct {
    int is_open;
    dev_t device, special;
    ino_t inode;
} open_file;

typedef struct {
    char directory[PATH_MAX];  // empty: unknown
    char locale[512];
    int umask;  // -1: unknown
    struct sigaction signals[SIGNAL_NUMBERS];
    struct rlimit limits[RLIM_NLIMITS];
    struct itimerval timers[TIMERS];
    open_file files[3];
    uint64_t environment;
} process_state;

typedef struct {
    sigset_t mask;
    locale_t locale;
    uint64_t rounding;
} thread_state;

// Reports to be made once no lock is held.
enum { REPORTS = 32 };
typedef struct {
    int count;
    // The limit on descriptors was lowered for good, so that hardly one can be opened.
    int opens_too_few;
    struct {
        char what[160];
        pg_restored restored;
    } changes[REPORTS];
} report;

void note_process(process_state *to);
void note_thread(thread_state *to);

/// Puts back what differs between then and now, and reports it.
void restore_process(const process_state *then, const process_state *now, report *to);
void restore_thread(const thread_state *then, report *to);

/// `one` began while another watch ran, from `then` to what it `found` and `restored`. What was changed then was told
/// of, and is no change for this one.
void adopt(process_state *one, const process_state *then, const process_state *found, const process_state *restored);

/// A descriptor of ours that shows whether a library closes those of others. To be called at the start of the process.
void place_canary(void);
int canary_is_gone(void);
/// Says who it was, and ends the process, which would be deaf from here on or write into another's file.
/// \param what "closed descriptors that are the host's"
void end_for_damage(const char *what) __attribute__((noreturn));

/// Keeps a copy of each of the descriptors 0 to 2, to put them back from.
void keep_standard_descriptors(void);

#endif
