#define _GNU_SOURCE
#include "process_guard.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

// More state folders than this are not open in one process, tests of many hosts included.
enum { DESCRIPTORS = 4096 };

// Descriptor + 1; 0 is a free place.
static atomic_int to_close[DESCRIPTORS];
static pthread_once_t once = PTHREAD_ONCE_INIT;

// In the child, where one thread of many is left: no lock, no memory.
static void close_all(void) {
    for (int i = 0; i < DESCRIPTORS; i++) {
        int descriptor = atomic_exchange(&to_close[i], 0) - 1;
        if (descriptor >= 0) close(descriptor);
    }
}

static void prepare(void) { pthread_atfork(NULL, NULL, close_all); }

int pg_close_in_fork(int descriptor) {
    pthread_once(&once, prepare);
    for (int i = 0; i < DESCRIPTORS; i++) {
        int none = 0;
        if (atomic_compare_exchange_strong(&to_close[i], &none, descriptor + 1)) return 1;
    }
    return 0;
}

void pg_keep_in_fork(int descriptor) {
    for (int i = 0; i < DESCRIPTORS; i++) {
        int it = descriptor + 1;
        if (atomic_compare_exchange_strong(&to_close[i], &it, 0)) return;
    }
}
