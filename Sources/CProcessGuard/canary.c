#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guard_parts.h"
#include "process_guard.h"
#include "process_output.h"
#include "state_parts.h"

// A descriptor that nothing uses, with the lowest number that is free at the start: a library which closes what it did
// not open closes this one too, and then others are gone that can't be put back.
static int canary = -1;
static struct stat placed;

void place_canary(void) {
    if (canary >= 0) return;
    canary = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (canary >= 0 && fstat(canary, &placed) != 0) canary = -1;
}

int canary_is_gone(void) {
    struct stat now;
    return canary >= 0
        && (fstat(canary, &now) != 0 || now.st_dev != placed.st_dev || now.st_ino != placed.st_ino);
}

void end_for_damage(const char *what) {
    line said = {.size = 0};
    line_text(&said, "llama-stack: a provider library ");
    line_text(&said, what);
    line_record(&said, current_record());
    line_text(&said, "\n");
    int error;
    // Standard error was put back; the descriptor that is kept for this may be gone.
    pg_output_write(pg_output_to(STDERR_FILENO), said.bytes, said.size, &error);
    _exit(PG_EXIT_BY_PROVIDER);
}
