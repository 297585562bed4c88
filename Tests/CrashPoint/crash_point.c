// Ends the process at its k-th call that changes something below one folder, or lets that call fail. CrashPointTests preload it into the host.
//
// EDGE_POINT_FOLDER  the folder, absolute; calls elsewhere do not count
// EDGE_POINT         k, from 1; 0: none
// EDGE_POINT_HOW     before, after: SIGKILL right before or after the call
//                    eio: a sync fails, and only syncs count
//                    enospc: no room, and only calls that need room count; every later one fails too
//                    full: the same for that call alone
// EDGE_POINT_LOG     a file outside of the folder that gets a line for each call that counts
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum how { NONE, BEFORE, AFTER, EIO_AT_SYNC, ENOSPC_FROM, ENOSPC_ONCE };
// What a call is: a sync fails with EIO, one that needs room with ENOSPC.
enum kind { SYNC, ROOM, OTHER };

static char folder[PATH_MAX];
static size_t folder_length;
static long point;
static enum how how = NONE;
static int log_descriptor = -1;
static pid_t owner;
static atomic_long count;

__attribute__((constructor)) static void begin(void) {
    const char *text = getenv("EDGE_POINT_FOLDER");
    if (text == NULL || strlen(text) >= sizeof folder) return;
    strcpy(folder, text);
    folder_length = strlen(folder);
    owner = getpid();
    if ((text = getenv("EDGE_POINT")) != NULL) point = atol(text);
    text = getenv("EDGE_POINT_HOW");
    if (text == NULL) return;
    how = strcmp(text, "before") == 0   ? BEFORE
          : strcmp(text, "after") == 0  ? AFTER
          : strcmp(text, "eio") == 0    ? EIO_AT_SYNC
          : strcmp(text, "enospc") == 0 ? ENOSPC_FROM
          : strcmp(text, "full") == 0   ? ENOSPC_ONCE
                                        : NONE;
    if ((text = getenv("EDGE_POINT_LOG")) != NULL) {
        log_descriptor = (int)syscall(SYS_openat, AT_FDCWD, text, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    }
}

static int is_below(const char *path) {
    return folder_length > 0 && strncmp(path, folder, folder_length) == 0 &&
           (path[folder_length] == '/' || path[folder_length] == 0);
}

static int path_of(int descriptor, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return path[0] == '/';
}

static int is_descriptor_below(int descriptor) {
    char path[PATH_MAX];
    return folder_length > 0 && path_of(descriptor, path) && is_below(path);
}

static int is_path_below(int at, const char *path) {
    char base[PATH_MAX], whole[2 * PATH_MAX];
    if (folder_length == 0 || path == NULL) return 0;
    if (path[0] == '/') return is_below(path);
    if (at == AT_FDCWD ? getcwd(base, sizeof base) == NULL : !path_of(at, base)) return 0;
    snprintf(whole, sizeof whole, "%s/%s", base, path);
    return is_below(whole);
}

static void note(long number, const char *name, const char *path) {
    if (log_descriptor < 0) return;
    char line[PATH_MAX + 64];
    int length = snprintf(line, sizeof line, "%ld %s %s\n", number, name, path == NULL ? "" : path);
    syscall(SYS_write, log_descriptor, line, length);
}

static void end(void) {
    syscall(SYS_kill, owner, SIGKILL);
    for (;;) pause();
}

// Counts a call. Returns its number, 0 when it does not count; -1 when it has to fail, with errno set.
static long reached(enum kind kind, const char *name, const char *path) {
    if (how == NONE || getpid() != owner) return 0;
    if (how == EIO_AT_SYNC && kind != SYNC) return 0;
    if ((how == ENOSPC_FROM || how == ENOSPC_ONCE) && kind != ROOM) return 0;
    long number = atomic_fetch_add(&count, 1) + 1;
    note(number, name, path);
    if (point == 0 || number < point) return number;
    if (how == ENOSPC_FROM) {
        errno = ENOSPC;
        return -1;
    }
    if (number > point) return number;
    switch (how) {
    case BEFORE: end();
    case EIO_AT_SYNC: errno = EIO; return -1;
    case ENOSPC_ONCE: errno = ENOSPC; return -1;
    default: return number;
    }
}

static void passed(long number) {
    if (number > 0 && number == point && how == AFTER) end();
}

#define REAL(result, name, ...) static result (*real)(__VA_ARGS__); if (real == NULL) real = dlsym(RTLD_NEXT, name)

#define AROUND(result_type, counts, kind, name, path, call) \
    long number = (counts) ? reached(kind, name, path) : 0; \
    if (number < 0) return -1; \
    result_type result = call; \
    int error = errno; \
    passed(number); \
    errno = error; \
    return result

#define CHANGES(flags) (((flags) & (O_CREAT | O_TRUNC)) != 0)

static mode_t mode_of(int flags, va_list list) {
    return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(list, mode_t) : 0;
}

#define OPEN(function) \
    int function(const char *path, int flags, ...) { \
        REAL(int, #function, const char *, int, ...); \
        va_list list; \
        va_start(list, flags); \
        mode_t mode = mode_of(flags, list); \
        va_end(list); \
        AROUND(int, CHANGES(flags) && is_path_below(AT_FDCWD, path), ROOM, "open", path, real(path, flags, mode)); \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(function) \
    int function(int at, const char *path, int flags, ...) { \
        REAL(int, #function, int, const char *, int, ...); \
        va_list list; \
        va_start(list, flags); \
        mode_t mode = mode_of(flags, list); \
        va_end(list); \
        AROUND(int, CHANGES(flags) && is_path_below(at, path), ROOM, "open", path, real(at, path, flags, mode)); \
    }
OPENAT(openat)
OPENAT(openat64)

ssize_t write(int descriptor, const void *bytes, size_t size) {
    REAL(ssize_t, "write", int, const void *, size_t);
    AROUND(ssize_t, is_descriptor_below(descriptor), ROOM, "write", NULL, real(descriptor, bytes, size));
}

ssize_t writev(int descriptor, const struct iovec *parts, int size) {
    REAL(ssize_t, "writev", int, const struct iovec *, int);
    AROUND(ssize_t, is_descriptor_below(descriptor), ROOM, "writev", NULL, real(descriptor, parts, size));
}

ssize_t pwrite(int descriptor, const void *bytes, size_t size, off_t offset) {
    REAL(ssize_t, "pwrite", int, const void *, size_t, off_t);
    AROUND(ssize_t, is_descriptor_below(descriptor), ROOM, "pwrite", NULL, real(descriptor, bytes, size, offset));
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t size, off64_t offset) {
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    AROUND(ssize_t, is_descriptor_below(descriptor), ROOM, "pwrite", NULL, real(descriptor, bytes, size, offset));
}

int ftruncate(int descriptor, off_t size) {
    REAL(int, "ftruncate", int, off_t);
    AROUND(int, is_descriptor_below(descriptor), ROOM, "ftruncate", NULL, real(descriptor, size));
}

int ftruncate64(int descriptor, off64_t size) {
    REAL(int, "ftruncate64", int, off64_t);
    AROUND(int, is_descriptor_below(descriptor), ROOM, "ftruncate", NULL, real(descriptor, size));
}

int posix_fallocate(int descriptor, off_t offset, off_t size) {
    REAL(int, "posix_fallocate", int, off_t, off_t);
    long number = is_descriptor_below(descriptor) ? reached(ROOM, "posix_fallocate", NULL) : 0;
    if (number < 0) return errno;
    int result = real(descriptor, offset, size);
    passed(number);
    return result;
}

int fsync(int descriptor) {
    REAL(int, "fsync", int);
    AROUND(int, is_descriptor_below(descriptor), SYNC, "fsync", NULL, real(descriptor));
}

int fdatasync(int descriptor) {
    REAL(int, "fdatasync", int);
    AROUND(int, is_descriptor_below(descriptor), SYNC, "fdatasync", NULL, real(descriptor));
}

int rename(const char *from, const char *to) {
    REAL(int, "rename", const char *, const char *);
    AROUND(int, is_path_below(AT_FDCWD, to), ROOM, "rename", to, real(from, to));
}

int link(const char *from, const char *to) {
    REAL(int, "link", const char *, const char *);
    AROUND(int, is_path_below(AT_FDCWD, to), ROOM, "link", to, real(from, to));
}

int unlink(const char *path) {
    REAL(int, "unlink", const char *);
    AROUND(int, is_path_below(AT_FDCWD, path), OTHER, "unlink", path, real(path));
}

int mkdir(const char *path, mode_t mode) {
    REAL(int, "mkdir", const char *, mode_t);
    AROUND(int, is_path_below(AT_FDCWD, path), ROOM, "mkdir", path, real(path, mode));
}

int rmdir(const char *path) {
    REAL(int, "rmdir", const char *);
    AROUND(int, is_path_below(AT_FDCWD, path), OTHER, "rmdir", path, real(path));
}

int utimensat(int at, const char *path, const struct timespec times[2], int flags) {
    REAL(int, "utimensat", int, const char *, const struct timespec *, int);
    AROUND(int, is_path_below(at, path), OTHER, "utimensat", path, real(at, path, times, flags));
}

int chmod(const char *path, mode_t mode) {
    REAL(int, "chmod", const char *, mode_t);
    AROUND(int, is_path_below(AT_FDCWD, path), OTHER, "chmod", path, real(path, mode));
}

int fchmod(int descriptor, mode_t mode) {
    REAL(int, "fchmod", int, mode_t);
    AROUND(int, is_descriptor_below(descriptor), OTHER, "fchmod", NULL, real(descriptor, mode));
}
