#define _GNU_SOURCE
#include "child_process.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

// As many as the kernel lets one message carry, so that none is cut off unseen.
enum { DESCRIPTORS_RECEIVED_MAX = 253 };

int ccp_socket_pair(int ends[2]) { return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0 ? 0 : errno; }

int ccp_pipe(int ends[2]) {
    if (pipe2(ends, O_CLOEXEC) != 0) return errno;
    if (fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0) return 0;
    int error = errno;
    close(ends[0]);
    close(ends[1]);
    return error;
}

ssize_t ccp_send(int socket, const void *bytes, size_t size, int descriptor, int wait) {
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    if (descriptor >= 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(&control.header), &descriptor, sizeof descriptor);
    }
    ssize_t count;
    do count = sendmsg(socket, &message, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
    while (count < 0 && errno == EINTR);
    return count < 0 ? -errno : count;
}

static void take_descriptors(struct msghdr *message, int *descriptor, int *surplus) {
    for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at; at = CMSG_NXTHDR(message, at)) {
        if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS) continue;
        size_t count = (at->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int one;
            memcpy(&one, CMSG_DATA(at) + i * sizeof one, sizeof one);
            if (*descriptor < 0) {
                *descriptor = one;
            } else {
                close(one);
                ++*surplus;
            }
        }
    }
    // What did not fit here (our table of descriptors is full) the kernel has closed.
    if (message->msg_flags & MSG_CTRUNC) ++*surplus;
}

ssize_t ccp_receive(int socket, void *bytes, size_t size, int *descriptor, int *surplus, int wait) {
    struct iovec part = {.iov_base = bytes, .iov_len = size};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int) * DESCRIPTORS_RECEIVED_MAX)];
    } control;
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes,
    };
    *descriptor = -1;
    *surplus = 0;
    // A reader that sleeps in recvmsg is woken for nothing whenever the other side takes something that was sent to it:
    // room to write wakes all who sleep at a socket of this kind, but for those that poll for something else.
    struct pollfd readable = {.fd = socket, .events = POLLIN};
    while (wait && poll(&readable, 1, -1) < 0 && errno == EINTR) {}
    ssize_t count;
    do count = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
    while (count < 0 && errno == EINTR);
    if (count < 0) return -errno;
    take_descriptors(&message, descriptor, surplus);
    return count;
}

int ccp_memory_file(const char *name) {
    int file = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return file < 0 ? -errno : file;
}

static const int all_seals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

int ccp_seal(int file) { return fcntl(file, F_ADD_SEALS, all_seals) == 0 ? 0 : errno; }

ccp_memory_state ccp_check_sealed(int file, uint64_t size) {
    struct stat facts;
    struct statfs system;
    const long tmpfs = 0x01021994;
    if (fstat(file, &facts) != 0 || !S_ISREG(facts.st_mode)) return CCP_NOT_MEMORY;
    // Huge pages know seals too, but a fault there may be a SIGBUS.
    if (fstatfs(file, &system) != 0 || system.f_type != tmpfs) return CCP_NOT_MEMORY;
    int seals = fcntl(file, F_GET_SEALS);
    if (seals < 0) return CCP_NOT_MEMORY;
    if ((seals & all_seals) != all_seals) return CCP_NOT_SEALED;
    if (size == 0 || facts.st_size < 0 || (uint64_t)facts.st_size != size) return CCP_OTHER_SIZE;
    if ((uint64_t)facts.st_blocks * 512 < size) return CCP_SPARSE;
    return CCP_SEALED;
}
