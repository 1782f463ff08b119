/* What a program asks of a disk, written down: preloaded (LD_PRELOAD), it notes every change of a file or a name under
 * $POWER_CUTS_FOLDER, every sync, and the marks of the program itself, in $POWER_CUTS_LOG, in the order in which they
 * were done. The calls are the kernel's all the same: the program, its SQLite and its libraries run unchanged.
 *
 * A record is (letter, inode, a, b, length) and that many bytes. Memory maps are not seen: of the files of a database
 * only the WAL's index (-shm) is written so, and it is made anew after a power cut. 64-bit Linux with glibc.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct record {
    uint64_t letter, inode;
    int64_t a, b;
    uint64_t length;
} __attribute__((packed));

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static char folder[PATH_MAX];
static size_t folder_length;
static int log_fd = -1;

/* A log that cannot be written is a record that lies: the program ends. */
static void write_out(const void *data, size_t length)
{
    const char *at = data;
    while (length) {
        ssize_t done = syscall(SYS_write, log_fd, at, length);
        if (done < 0) {
            if (errno == EINTR)
                continue;
            _exit(99);
        }
        at += done;
        length -= (size_t)done;
    }
}

static void note(char letter, uint64_t inode, int64_t a, int64_t b, const void *data, size_t length)
{
    struct record head = {(uint64_t)letter, inode, a, b, length};
    int kept = errno;
    write_out(&head, sizeof head);
    write_out(data, length);
    errno = kept;
}

__attribute__((constructor)) static void begin(void)
{
    const char *where = getenv("POWER_CUTS_FOLDER"), *file = getenv("POWER_CUTS_LOG");
    if (!where || !file || !realpath(where, folder))
        return;
    folder_length = strlen(folder);
    log_fd = (int)syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int is_ours(const char *path)
{
    return log_fd >= 0 && !strncmp(path, folder, folder_length) && (path[folder_length] == '/' || !path[folder_length]);
}

static int path_of(int fd, char *path)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    path[length < 0 ? 0 : length] = 0;
    return length > 0;
}

static uint64_t inode_of(int fd)
{
    struct stat state;
    return fstat(fd, &state) ? 0 : (uint64_t)state.st_ino;
}

/* The path in full, its folder resolved and its last name as it is; 0 when it is not under the folder. */
static int full_path(int at, const char *path, char *full)
{
    char text[2 * PATH_MAX], parent[PATH_MAX];
    if (log_fd < 0)
        return 0;
    if (path[0] == '/') {
        snprintf(text, sizeof text, "%s", path);
    } else {
        if (at == AT_FDCWD ? !getcwd(parent, sizeof parent) : !path_of(at, parent))
            return 0;
        snprintf(text, sizeof text, "%s/%s", parent, path);
    }
    char *last = strrchr(text, '/');
    *last = 0;
    if (!realpath(*text ? text : "/", parent) || strlen(parent) + strlen(last + 1) + 2 > PATH_MAX)
        return 0;
    strcpy(full, parent);
    strcat(full, "/");
    strcat(full, last + 1);
    return is_ours(full);
}

static int fd_is_ours(int fd)
{
    char path[PATH_MAX];
    return log_fd >= 0 && fd != log_fd && path_of(fd, path) && is_ours(path);
}

/* --- opening ------------------------------------------------------------------------------------------------------ */

static int opened(int at, const char *path, int flags, mode_t mode)
{
    char full[PATH_MAX];
    if (!(flags & (O_CREAT | O_TRUNC)) || !full_path(at, path, full))
        return (int)syscall(SYS_openat, at, path, flags, mode);
    pthread_mutex_lock(&turn);
    int was_there = !access(full, F_OK);
    int fd = (int)syscall(SYS_openat, at, path, flags, mode);
    if (fd >= 0 && !was_there)
        note('c', inode_of(fd), 0, 0, full, strlen(full));
    else if (fd >= 0 && flags & O_TRUNC)
        note('t', inode_of(fd), 0, 0, "", 0);
    pthread_mutex_unlock(&turn);
    return fd;
}

#define MODE                                                \
    mode_t mode = 0;                                        \
    if (flags & (O_CREAT | __O_TMPFILE)) {                  \
        va_list rest;                                       \
        va_start(rest, flags);                              \
        mode = (mode_t)va_arg(rest, int);                   \
        va_end(rest);                                       \
    }

int open(const char *path, int flags, ...) { MODE return opened(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE return opened(AT_FDCWD, path, flags, mode); }
int openat(int at, const char *path, int flags, ...) { MODE return opened(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE return opened(at, path, flags, mode); }
int __open_2(const char *path, int flags) { return opened(AT_FDCWD, path, flags, 0); }
int __open64_2(const char *path, int flags) { return opened(AT_FDCWD, path, flags, 0); }

/* --- contents ----------------------------------------------------------------------------------------------------- */

ssize_t write(int fd, const void *data, size_t count)
{
    if (!fd_is_ours(fd))
        return syscall(SYS_write, fd, data, count);
    pthread_mutex_lock(&turn);
    ssize_t done = syscall(SYS_write, fd, data, count);
    if (done > 0)
        note('w', inode_of(fd), lseek(fd, 0, SEEK_CUR) - done, 0, data, (size_t)done);
    pthread_mutex_unlock(&turn);
    return done;
}

ssize_t pwrite(int fd, const void *data, size_t count, off_t offset)
{
    if (!fd_is_ours(fd))
        return syscall(SYS_pwrite64, fd, data, count, offset);
    pthread_mutex_lock(&turn);
    ssize_t done = syscall(SYS_pwrite64, fd, data, count, offset);
    if (done > 0)
        note('w', inode_of(fd), offset, 0, data, (size_t)done);
    pthread_mutex_unlock(&turn);
    return done;
}

ssize_t pwrite64(int fd, const void *data, size_t count, off64_t offset) { return pwrite(fd, data, count, offset); }

int ftruncate(int fd, off_t size)
{
    if (!fd_is_ours(fd))
        return (int)syscall(SYS_ftruncate, fd, size);
    pthread_mutex_lock(&turn);
    int failed = (int)syscall(SYS_ftruncate, fd, size);
    if (!failed)
        note('t', inode_of(fd), size, 0, "", 0);
    pthread_mutex_unlock(&turn);
    return failed;
}

int ftruncate64(int fd, off64_t size) { return ftruncate(fd, size); }

/* Copies inside the kernel would not be seen: whoever tries them writes by hand instead. */
ssize_t sendfile(int out, int in, off_t *offset, size_t count)
{
    if (!fd_is_ours(out))
        return syscall(SYS_sendfile, out, in, offset, count);
    errno = EINVAL;
    return -1;
}

ssize_t sendfile64(int out, int in, off64_t *offset, size_t count) { return sendfile(out, in, offset, count); }

ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t count, unsigned int flags)
{
    if (!fd_is_ours(out))
        return syscall(SYS_copy_file_range, in, from, out, to, count, flags);
    errno = EXDEV;
    return -1;
}

static int synced(int fd, long call)
{
    char path[PATH_MAX];
    struct stat state;
    if (!fd_is_ours(fd))
        return (int)syscall(call, fd);
    pthread_mutex_lock(&turn);
    int failed = (int)syscall(call, fd);
    if (!failed && !fstat(fd, &state) && path_of(fd, path)) {
        if (S_ISDIR(state.st_mode))
            note('d', state.st_ino, 0, 0, path, strlen(path));
        else
            note('s', state.st_ino, 0, 0, "", 0);
    }
    pthread_mutex_unlock(&turn);
    return failed;
}

int fsync(int fd) { return synced(fd, SYS_fsync); }
int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }

/* --- names -------------------------------------------------------------------------------------------------------- */

static int moved(int from_at, const char *from, int to_at, const char *to)
{
    char both[2 * PATH_MAX], target[PATH_MAX];
    int ours = full_path(from_at, from, both) && full_path(to_at, to, target);
    if (!ours)
        return (int)syscall(SYS_renameat2, from_at, from, to_at, to, 0);
    pthread_mutex_lock(&turn);
    size_t length = strlen(both) + 1;
    strcpy(both + length, target);
    int failed = (int)syscall(SYS_renameat2, from_at, from, to_at, to, 0);
    if (!failed)
        note('m', 0, 0, 0, both, length + strlen(target));
    pthread_mutex_unlock(&turn);
    return failed;
}

int rename(const char *from, const char *to) { return moved(AT_FDCWD, from, AT_FDCWD, to); }
int renameat(int from_at, const char *from, int to_at, const char *to) { return moved(from_at, from, to_at, to); }

static int removed(int at, const char *path, int flags)
{
    char full[PATH_MAX];
    if (!full_path(at, path, full))
        return (int)syscall(SYS_unlinkat, at, path, flags);
    pthread_mutex_lock(&turn);
    int failed = (int)syscall(SYS_unlinkat, at, path, flags);
    if (!failed)
        note('u', 0, 0, 0, full, strlen(full));
    pthread_mutex_unlock(&turn);
    return failed;
}

int unlink(const char *path) { return removed(AT_FDCWD, path, 0); }
int unlinkat(int at, const char *path, int flags) { return removed(at, path, flags); }
int rmdir(const char *path) { return removed(AT_FDCWD, path, AT_REMOVEDIR); }

static int made(int at, const char *path, mode_t mode)
{
    char full[PATH_MAX];
    if (!full_path(at, path, full))
        return (int)syscall(SYS_mkdirat, at, path, mode);
    pthread_mutex_lock(&turn);
    int failed = (int)syscall(SYS_mkdirat, at, path, mode);
    if (!failed)
        note('k', 0, 0, 0, full, strlen(full));
    pthread_mutex_unlock(&turn);
    return failed;
}

int mkdir(const char *path, mode_t mode) { return made(AT_FDCWD, path, mode); }
int mkdirat(int at, const char *path, mode_t mode) { return made(at, path, mode); }

/* What would change a file unseen is refused, so that a record is never silently incomplete. */
int link(const char *from, const char *to)
{
    char full[PATH_MAX];
    if (!full_path(AT_FDCWD, to, full))
        return (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
    errno = EOPNOTSUPP;
    return -1;
}

/* --- the program's own word --------------------------------------------------------------------------------------- */

void power_cuts_mark(const char *text, size_t length)
{
    pthread_mutex_lock(&turn);
    note('!', 0, 0, 0, text, length);
    pthread_mutex_unlock(&turn);
}
