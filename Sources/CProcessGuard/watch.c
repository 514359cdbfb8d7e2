#include "process_state.h"

#include <pthread.h>
#include <stdlib.h>

#include "state_parts.h"

struct pg_watch {
    pg_watch *next;
    process_state process;
    thread_state thread;
};

// Those that run: each holds what it found.
static pthread_mutex_t watching = PTHREAD_MUTEX_INITIALIZER;
static pg_watch *running;

pg_watch *pg_watch_begin(void) {
    pg_watch *watch = calloc(1, sizeof *watch);
    if (!watch) return NULL;
    pthread_mutex_lock(&watching);
    keep_standard_descriptors();
    note_process(&watch->process);
    note_thread(&watch->thread);
    watch->next = running;
    running = watch;
    pthread_mutex_unlock(&watching);
    return watch;
}

// On the heap: a state takes some 20 KB, and the thread may be one of a provider's with a small stack.
static void compare(pg_watch *watch, report *to) {
    process_state *states = calloc(2, sizeof *states);
    if (!states) return;
    process_state *found = &states[0], *restored = &states[1];
    note_process(found);
    restore_process(&watch->process, found, to);
    restore_thread(&watch->thread, to);
    note_process(restored);
    for (pg_watch *other = running; other; other = other->next)
        adopt(&other->process, &watch->process, found, restored);
    free(states);
}

void pg_watch_end(pg_watch *watch, pg_changed changed, void *context) {
    if (!watch) return;
    report *differences = calloc(1, sizeof *differences);
    pthread_mutex_lock(&watching);
    for (pg_watch **link = &running; *link; link = &(*link)->next) {
        if (*link != watch) continue;
        *link = watch->next;
        break;
    }
    if (differences) compare(watch, differences);
    pthread_mutex_unlock(&watching);
    for (int i = 0; differences && i < differences->count; i++)
        changed(context, differences->changes[i].what, differences->changes[i].restored);
    int opens_too_few = differences && differences->opens_too_few;
    free(differences);
    free(watch);
    if (canary_is_gone()) end_for_damage("closed descriptors that are the host's");
    if (opens_too_few) end_for_damage("lowered the limit on descriptors for good, and leaves too few");
}
