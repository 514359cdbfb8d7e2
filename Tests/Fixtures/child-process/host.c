// A host for the tests, which starts the probe and says its pid. Built with the sources of CChildProcess.
//   host stay PROBE              waits to be killed
//   host thread PROBE            starts it from a thread that ends, and waits
//   host ignored PROBE           ignores SIGCHLD, starts it to exit with 3, and says what it exited with,
//                                and whether this process is dumpable
//   host group PROBE FOLDER      starts it in the control group FOLDER of version 2, and says its groups
//   host old PROBE FOLDER        the same, where the kernel knows neither clone3 nor close_range
//   host fail STEP PROBE         says what a start answers that must fail at STEP
#define _GNU_SOURCE
#include <child_process.h>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const no_environment[] = {NULL};

static ccp_child start_to(int output, const char *probe, const char *mode, const char *number, int folder) {
    const char *arguments[] = {probe, mode, number, NULL};
    ccp_descriptor out = {output, 1};
    ccp_options options = {
        .path = probe, .argv = arguments, .environment = no_environment, .descriptors = &out, .descriptor_count = 1,
        .group_folder = folder,
    };
    ccp_child child;
    ccp_spawn(&options, &child);
    return child;
}

static ccp_child start(const char *probe, const char *mode, const char *number) {
    return start_to(1, probe, mode, number, -1);
}

/// Returns once the probe waits: before, its loader may have a library open.
static ccp_child start_waiting(const char *probe, int folder) {
    int output[2];
    char said;
    if (pipe2(output, O_CLOEXEC) != 0) exit(5);
    ccp_child child = start_to(output[1], probe, "wait", "0", folder);
    close(output[1]);
    if (read(output[0], &said, 1) != 1) exit(5);
    return child;
}

static void *start_and_end(void *probe) {
    printf("%d\n", start(probe, "wait", "0").pid);
    fflush(stdout);
    return NULL;
}

static void say_exit(ccp_child child) {
    int status;
    uint64_t peak;
    while (ccp_reap(child.pid, 0, &status, &peak) == 0) usleep(1000);
    printf("exited with %d\n", status >> 8);
}

static void say_group(ccp_child child) {
    char path[64], line[512];
    snprintf(path, sizeof path, "/proc/%d/cgroup", child.pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        if (!strncmp(line, "0::", 3)) fputs(line, stdout);
    }
    if (file) fclose(file);
    int open_count = 0;
    for (int number = 0; number < 1024; number++) {
        snprintf(path, sizeof path, "/proc/%d/fd/%d", child.pid, number);
        open_count += readlink(path, line, sizeof line) >= 0;
    }
    printf("%d descriptors\n", open_count);
    kill(child.pid, SIGKILL);
    say_exit(child);
}

static void be_old(void) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 435, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 436, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) exit(5);
}

static void fail_at(const char *step, const char *probe) {
    const char *arguments[] = {probe, NULL};
    ccp_descriptor wrong[] = {{99, 3}, {0, 3}};
    int no_group = open("/dev/null", O_RDONLY);
    ccp_limit limit = {9999, 1};
    ccp_options options = {.path = probe, .argv = arguments, .environment = no_environment, .group_folder = -1};
    if (!strcmp(step, "descriptors")) (options.descriptors = wrong, options.descriptor_count = 1);
    if (!strcmp(step, "options")) (options.descriptors = wrong, options.descriptor_count = 2);
    if (!strcmp(step, "group")) (options.group_files = &no_group, options.group_file_count = 1);
    if (!strcmp(step, "limits")) (options.limits = &limit, options.limit_count = 1);
    if (!strcmp(step, "folder")) options.group_folder = no_group;
    ccp_child child;
    int answer = ccp_spawn(&options, &child);
    printf("%s: %s, pid %d, pidfd %d\n", ccp_step_name(child.step), strerror(answer), child.pid, child.pidfd);
    printf("%s\n", waitpid(-1, NULL, WNOHANG) < 0 ? "nothing is left" : "a process is left");
}

int main(int count, char **arguments) {
    const char *mode = count > 2 ? arguments[1] : "";
    if (!strcmp(mode, "stay")) start_and_end(arguments[2]);
    if (!strcmp(mode, "thread")) {
        pthread_t thread;
        pthread_create(&thread, NULL, start_and_end, arguments[2]);
    }
    if (!strcmp(mode, "ignored")) {
        signal(SIGCHLD, SIG_IGN);
        say_exit(start(arguments[2], "exit", "3"));
        printf("dumpable %d\n", prctl(PR_GET_DUMPABLE));
        return 0;
    }
    if (!strcmp(mode, "old")) be_old();
    if (!strcmp(mode, "group") || !strcmp(mode, "old")) {
        say_group(start_waiting(arguments[2], open(arguments[3], O_RDONLY | O_DIRECTORY)));
        return 0;
    }
    if (!strcmp(mode, "fail")) {
        fail_at(arguments[2], arguments[3]);
        return 0;
    }
    for (;;) pause();
}
