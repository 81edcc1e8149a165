/*
 * A disk that fails on demand, for one process: loaded before libc (LD_PRELOAD), it counts every call that changes or
 * syncs a file below one directory, over all threads, and makes the n-th of them fail.
 *
 *   FAILING_DISK_DIR    the directory
 *   FAILING_DISK_AT     n, from 1; 0 for never
 *   FAILING_DISK_MODE   eio | enospc   this call fails, the next works again
 *                       kill           the process dies before the call
 *                       torn           the process dies after half of the bytes of the write, or after another call
 *   FAILING_DISK_COUNT  file that holds the number of calls as text once the process ends in good order
 *
 * Not counted: the reserve, whose bytes mean nothing, and RocksDB's own diary (LOG, LOG.old.*).
 */
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
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum action { PASS, FAIL, TEAR };

static atomic_long calls;

static int counts(const char *path) {
  const char *dir = getenv("FAILING_DISK_DIR");
  if (dir == NULL || strncmp(path, dir, strlen(dir)) != 0) {
    return 0;
  }
  const char *name = strrchr(path, '/');
  return name != NULL && strcmp(name, "/reserve") != 0 && strcmp(name, "/LOG") != 0 &&
         strncmp(name, "/LOG.old", 8) != 0;
}

static void die(void) {
  kill(getpid(), SIGKILL);
  for (;;) {
    pause();
  }
}

static enum action next(const char *path) {
  if (!counts(path)) {
    return PASS;
  }
  long n = atomic_fetch_add(&calls, 1) + 1;
  const char *at = getenv("FAILING_DISK_AT");
  if (at == NULL || n != atol(at)) {
    return PASS;
  }
  const char *mode = getenv("FAILING_DISK_MODE");
  if (strcmp(mode, "kill") == 0) {
    die();
  }
  if (strcmp(mode, "torn") == 0) {
    return TEAR;
  }
  errno = strcmp(mode, "enospc") == 0 ? ENOSPC : EIO;
  return FAIL;
}

static enum action next_fd(int fd) {
  int kept = errno;
  char link[64];
  char path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  errno = kept;
  if (length < 0) {
    return PASS;
  }
  path[length] = 0;
  return next(path);
}

__attribute__((destructor)) static void tell(void) {
  const char *file = getenv("FAILING_DISK_COUNT");
  FILE *out = file == NULL ? NULL : fopen(file, "w");
  if (out != NULL) {
    fprintf(out, "%ld\n", atomic_load(&calls));
    fclose(out);
  }
}

#define REAL(type, name, ...) ((type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *bytes, size_t n) {
  enum action action = next_fd(fd);
  if (action == FAIL) {
    return -1;
  }
  ssize_t written = REAL(ssize_t, write, int, const void *, size_t)(fd, bytes, action == TEAR ? n / 2 : n);
  if (action == TEAR) {
    die();
  }
  return written;
}

#define PWRITE(name, offset_type)                                                                                 \
  ssize_t name(int fd, const void *bytes, size_t n, offset_type at) {                                             \
    enum action action = next_fd(fd);                                                                             \
    if (action == FAIL) {                                                                                         \
      return -1;                                                                                                  \
    }                                                                                                             \
    ssize_t written =                                                                                             \
        REAL(ssize_t, name, int, const void *, size_t, offset_type)(fd, bytes, action == TEAR ? n / 2 : n, at);   \
    if (action == TEAR) {                                                                                         \
      die();                                                                                                      \
    }                                                                                                             \
    return written;                                                                                               \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

/* The rest either happens or does not. */
#define WHOLE(next, call)      \
  {                              \
    enum action what = next;   \
    if (what == FAIL) {          \
      return -1;                 \
    }                            \
    __typeof__(call) done = call; \
    if (what == TEAR) {          \
      die();                     \
    }                            \
    return done;                 \
  }

ssize_t writev(int fd, const struct iovec *parts, int n)
    WHOLE(next_fd(fd), REAL(ssize_t, writev, int, const struct iovec *, int)(fd, parts, n))
int fsync(int fd) WHOLE(next_fd(fd), REAL(int, fsync, int)(fd))
int fdatasync(int fd) WHOLE(next_fd(fd), REAL(int, fdatasync, int)(fd))
int ftruncate(int fd, off_t length) WHOLE(next_fd(fd), REAL(int, ftruncate, int, off_t)(fd, length))
int ftruncate64(int fd, off64_t length) WHOLE(next_fd(fd), REAL(int, ftruncate64, int, off64_t)(fd, length))
int rename(const char *from, const char *to) WHOLE(next(to), REAL(int, rename, const char *, const char *)(from, to))
int unlink(const char *path) WHOLE(next(path), REAL(int, unlink, const char *)(path))
int mkdir(const char *path, mode_t mode) WHOLE(next(path), REAL(int, mkdir, const char *, mode_t)(path, mode))

#define OPEN(name)                                                                                   \
  int name(const char *path, int flags, ...) {                                                       \
    mode_t mode = 0;                                                                                 \
    if (flags & O_CREAT) {                                                                           \
      va_list more;                                                                                  \
      va_start(more, flags);                                                                         \
      mode = va_arg(more, mode_t);                                                                   \
      va_end(more);                                                                                  \
    }                                                                                                \
    enum action action = flags & O_CREAT ? next(path) : PASS;                                        \
    if (action == FAIL) {                                                                            \
      return -1;                                                                                     \
    }                                                                                                \
    int fd = REAL(int, name, const char *, int, ...)(path, flags, mode);                             \
    if (action == TEAR) {                                                                            \
      die();                                                                                         \
    }                                                                                                \
    return fd;                                                                                       \
  }
OPEN(open)
OPEN(open64)
