// Starting a child, and the guard. Between vfork and exec only async-signal-safe C is allowed, so this part cannot be Swift.
// libuv's own uv_spawn sets no limits, asks for no parent-death signal and tells no guard.
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct edge_spawn {
    const char *program;        // absolute path
    char *const *arguments;     // null-terminated
    char *const *environment;   // null-terminated
    const char *directory;      // null: the parent's
    int output, error;          // become 1 and 2
    int guard;                  // write end of the guard's pipe, or -1
    rlim_t data, files, files_hard;  // RLIMIT_DATA, RLIMIT_NOFILE; RLIM_INFINITY for data: left alone
    int oom_score;              // written to oom_score_adj
};

// Runs in the child; shares the parent's memory until exec. Returns only with an errno.
static inline int edge_spawn_child(const struct edge_spawn *options, pid_t parent, int null) {
    sigset_t none;
    sigemptyset(&none);
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (setpgid(0, 0) != 0) return errno;
    // The guard learns of the group before the program can fork, so nothing of the group can outlive the host.
    if (options->guard >= 0) {
        int32_t self = getpid();
        if (write(options->guard, &self, sizeof self) != sizeof self) return errno;
    }
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return errno;
    if (getppid() != parent) _exit(127);  // the host died before the line above
    int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (score >= 0) {
        char text[5];
        int length = 0, value = options->oom_score;
        if (value >= 1000) text[length++] = '0' + value / 1000;
        if (value >= 100) text[length++] = '0' + value / 100 % 10;
        if (value >= 10) text[length++] = '0' + value / 10 % 10;
        text[length++] = '0' + value % 10;
        if (write(score, text, length) < 0) { /* a container may forbid it: the child is then as killable as the host */ }
    }
    if (options->data != RLIM_INFINITY) {
        struct rlimit data = {options->data, options->data};
        if (setrlimit(RLIMIT_DATA, &data) != 0) return errno;
    }
    struct rlimit files = {options->files, options->files_hard};
    if (setrlimit(RLIMIT_NOFILE, &files) != 0) return errno;
    if (options->directory && chdir(options->directory) != 0) return errno;
    if (dup2(null, 0) < 0 || dup2(options->output, 1) < 0 || dup2(options->error, 2) < 0) return errno;
    syscall(SYS_close_range, 3u, ~0u, 0u);  // all of ours are close-on-exec as well, for kernels before 5.9
    execve(options->program, options->arguments, options->environment);
    return errno;
}

// Returns 0 and the process id, or an errno. The caller's thread must live as long as the host: the parent-death signal is tied to it.
static __attribute__((noinline)) int edge_spawn(const struct edge_spawn *options, pid_t *pid) {
    volatile int failure = 0;
    pid_t parent = getpid();
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null < 0) return errno;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);  // no handler of ours may run in the child
    pid_t child = vfork();
    if (child == 0) {
        failure = edge_spawn_child(options, parent, null);
        _exit(127);
    }
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(null);
    if (child < 0) return error;
    if (failure != 0) {
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
        return failure;
    }
    *pid = child;
    return 0;
}

enum { EDGE_GUARD_GROUPS_MAX = 4096 };

// The guard's whole life: remembers process groups from the pipe (negative: forget it) and kills them when the host's end closes.
static inline void edge_guard_run(int input) {
    static int32_t groups[EDGE_GUARD_GROUPS_MAX];
    int count = 0;
    for (;;) {
        int32_t group;
        ssize_t got = read(input, &group, sizeof group);
        if (got < 0 && errno == EINTR) continue;
        if (got != sizeof group) break;
        if (group > 0) {
            if (count < EDGE_GUARD_GROUPS_MAX) groups[count++] = group;
        } else {
            for (int index = 0; index < count; index++)
                if (groups[index] == -group) { groups[index] = groups[--count]; break; }
        }
    }
    for (int index = 0; index < count; index++) kill(-groups[index], SIGKILL);
    _exit(0);
}

// Forks the guard. Returns its process id and the pipe's write end, or a negative errno.
static __attribute__((noinline)) pid_t edge_guard_start(int *output) {
    int ends[2];
    if (syscall(SYS_pipe2, ends, O_CLOEXEC) != 0) return -errno;
    pid_t child = fork();
    if (child < 0) {
        int error = errno;
        close(ends[0]);
        close(ends[1]);
        return -error;
    }
    if (child == 0) {
        setsid();  // a terminal's Ctrl-C goes to the host alone
        signal(SIGTERM, SIG_IGN);
        signal(SIGINT, SIG_IGN);
        signal(SIGHUP, SIG_IGN);
        prctl(PR_SET_NAME, "edge-guard");
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        dup2(ends[0], 3);
        dup2(null, 0);
        dup2(null, 1);
        dup2(null, 2);
        syscall(SYS_close_range, 4u, ~0u, 0u);
        edge_guard_run(3);
    }
    close(ends[0]);
    *output = ends[1];
    return child;
}

// The id of a child that has ended and was not collected yet; 0 when there is none.
static inline pid_t edge_ended_child(void) {
    siginfo_t info;
    info.si_pid = 0;
    while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0)
        if (errno != EINTR) return 0;
    return info.si_pid;
}

static inline int edge_exited(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : -1; }
static inline int edge_signaled(int status) { return WIFSIGNALED(status) ? WTERMSIG(status) : 0; }

// The kernel's calls that set close-on-exec at once; their glibc names need _GNU_SOURCE, which would change types that Swift's Glibc module has defined.
static inline int edge_accept(int listener, struct sockaddr *peer, socklen_t *length) {
    return syscall(SYS_accept4, listener, peer, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}
static inline int edge_pipe(int *ends) { return syscall(SYS_pipe2, ends, O_CLOEXEC); }
