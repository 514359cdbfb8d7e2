// Starts a program as a child that can't outlive us, and passes bytes and descriptors to it: what Swift can't say,
// because between fork and exec only system calls are allowed, and because the message macros of a socket are C.
//
// A contract of three parts: the host spawns with ccp_spawn; the child's main calls ccp_child_setup before anything
// else; both send and receive with ccp_send and ccp_receive. Linux 5.4 or later.
#ifndef CHILD_PROCESS_H
#define CHILD_PROCESS_H
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// ---- spawning ------------------------------------------------------------------------------------------------------

/// `from`, a descriptor of ours, becomes `to` in the child. `from` stays open here and stays ours.
typedef struct {
    int from, to;
} ccp_descriptor;

/// RLIMIT_... A value above our own hard limit is cut to it.
typedef struct {
    int resource;
    uint64_t value;
    uint64_t hard;  // 0: as `value`
} ccp_limit;

enum {
    CCP_DESCRIPTORS_MAX = 16,
    CCP_GROUP_FILES_MAX = 8,
};

typedef struct {
    const char *path;                // absolute; no search
    const char *const *argv;         // ends with NULL
    const char *const *environment;  // the whole of it; ends with NULL
    const char *folder;              // the working directory, absolute; NULL: ours
    /// No number comes twice. Of 0, 1 and 2 those that are not named are /dev/null; every other descriptor is closed.
    const ccp_descriptor *descriptors;
    size_t descriptor_count;
    /// The core limit is 0 without being named.
    const ccp_limit *limits;
    size_t limit_count;
    /// The folder of a control group of version 2 that the child is born in, or -1.
    int group_folder;
    /// `cgroup.procs` files of further control groups, open for writing, which the child enters before exec.
    const int *group_files;
    size_t group_file_count;
    /// PR_SET_NO_NEW_PRIVS: no program that it becomes may have more rights than it.
    int no_new_privileges;
    int nice;
    /// The user and the group that the program runs as, without further groups; 0: ours. Takes root.
    uint32_t user;
} ccp_options;

/// Where a start failed.
typedef enum {
    CCP_STARTED,
    CCP_OPTIONS,       // more descriptors or groups than there may be
    CCP_CLONE,         // no new process, or a kernel without pidfd
    CCP_SESSION,
    CCP_DEATH_SIGNAL,  // PR_SET_PDEATHSIG, or the parent is gone already
    CCP_GROUP,         // could not enter a control group
    CCP_DESCRIPTOR,
    CCP_LIMIT,
    CCP_USER,
    CCP_FOLDER,        // the working directory can't be entered
    CCP_EXEC,
} ccp_step;

typedef struct {
    pid_t pid;
    int pidfd;  // close-on-exec; the caller closes it
    ccp_step step;
    int error;  // an errno, of that step
} ccp_child;

/// Starts `path`. In the child, before exec: default dispositions and an empty mask of signals, a session and a process
/// group of its own (its id is the child's pid), SIGKILL when its parent dies, its control groups, its descriptors, its
/// limits.
///
/// Returns 0, or an errno with `out->step`; then nothing is left of the child. Returns once the program runs or could
/// not. The child dies with the *thread* that calls this, so call it on one that never ends.
///
/// It is made as vfork does, without a copy of our page tables. Nothing may be done in it that acts on the memory it
/// shares with us: PR_SET_DUMPABLE there would make *us* not dumpable. So that is left to ccp_child_setup.
int ccp_spawn(const ccp_options *options, ccp_child *out);

/// Words for a step, for an error message: "exec".
const char *ccp_step_name(ccp_step step);

/// Takes the exit status of a child that has ended: 1 and fills both, 0 while it runs, -1 when there is no such child
/// (another part of this process has waited for it). `keep` leaves it a zombie, whose pid can't be given to another.
/// `peak_bytes` is the kernel's figure, which counts what *we* used at the spawn as the child's.
int ccp_reap(pid_t pid, int keep, int *status, uint64_t *peak_bytes);

/// A pidfd of a process, close-on-exec, or a negative errno.
int ccp_pidfd(pid_t pid);

/// 0 or an errno. Safe when the process is gone and its pid is another's.
int ccp_signal(int pidfd, int signal_number);

// ---- in the child --------------------------------------------------------------------------------------------------

/// For the first line of the child's main: not dumpable (no core, no ptrace by others of our user), no core size, no
/// new privileges, SIGKILL when the parent dies. Ends the process when its parent is not `parent` (0: is not asked).
/// Returns 0 or an errno.
int ccp_child_setup(pid_t parent);

// ---- bytes and descriptors -----------------------------------------------------------------------------------------

/// A connected pair of stream sockets, close-on-exec. 0 or an errno.
int ccp_socket_pair(int ends[2]);

/// A pipe, close-on-exec; [0] is to be read and does not block. 0 or an errno.
int ccp_pipe(int ends[2]);

/// Sends what the socket takes of `bytes`, with `descriptor` (-1: none) on the first byte of it. Never raises SIGPIPE.
/// Returns the count sent, or a negative errno (-EAGAIN when it takes nothing now and `wait` is 0).
ssize_t ccp_send(int socket, const void *bytes, size_t size, int descriptor, int wait);

/// Receives at most `size` bytes and at most one descriptor (else -1), which is close-on-exec and the caller's.
/// Descriptors beyond the first are closed and counted in `surplus`. Returns the count, 0 at the end, or a negative
/// errno.
ssize_t ccp_receive(int socket, void *bytes, size_t size, int *descriptor, int *surplus, int wait);

/// A memory file that can be sealed, close-on-exec, or a negative errno. `name` is what /proc shows.
int ccp_memory_file(const char *name);

/// Forbids writing, shrinking, growing and further seals. 0 or an errno.
int ccp_seal(int file);

typedef enum {
    CCP_SEALED,
    CCP_NOT_MEMORY,   // a pipe, a device, a file on a disk, huge pages
    CCP_NOT_SEALED,   // one of the four seals is missing
    CCP_OTHER_SIZE,
    CCP_SPARSE,       // pages are missing, which the reader would have to pay for
} ccp_memory_state;

/// Whether `file` is a memory file of that size that can't be changed any more.
ccp_memory_state ccp_check_sealed(int file, uint64_t size);

#endif
