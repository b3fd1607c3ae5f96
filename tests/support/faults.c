/* A layer under the C library's file calls that fails, or kills the process, at a chosen one.
 *
 * Counts the calls that change files under FAULT_UNDER; at number FAULT_AT (from 1) it does
 * FAULT_DO: "kill" (SIGKILL before the call), "torn" (half of a write, then SIGKILL), or "EIO" or
 * "ENOSPC" (the call fails, and so does every later one). "nomap" fails no call but the mapping of
 * files there into shared memory, as some network drives do. With FAULT_COUNT, the number
 * of calls is written to that file when the process ends. Linux only.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static const char *under, *action;
static long at, seen;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
    under = getenv("FAULT_UNDER");
    action = getenv("FAULT_DO");
    at = getenv("FAULT_AT") ? atol(getenv("FAULT_AT")) : 0;
}

__attribute__((destructor)) static void end(void) {
    const char *place = getenv("FAULT_COUNT");
    FILE *file = place ? fopen(place, "w") : NULL;
    if (file) {
        fprintf(file, "%ld\n", seen);
        fclose(file);
    }
}

static int inside(const char *path) {
    return under && path && strncmp(path, under, strlen(under)) == 0;
}

static int inside_fd(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return inside(path);
}

/* 0: go on; 1: tear; -1: fail, errno is set. */
static int fault(int is_inside) {
    if (!is_inside || !action) {
        if (is_inside) __sync_fetch_and_add(&seen, 1);
        return 0;
    }
    long number = __sync_add_and_fetch(&seen, 1);
    if (number < at || !strcmp(action, "nomap")) return 0;
    if (!strcmp(action, "EIO") || !strcmp(action, "ENOSPC")) {
        errno = !strcmp(action, "EIO") ? EIO : ENOSPC;
        return -1;
    }
    if (!strcmp(action, "torn")) return 1;
    kill(getpid(), SIGKILL);
    pause();
    return -1;
}

static void die(void) {
    kill(getpid(), SIGKILL);
    pause();
}

#define TORN(what, call) \
    int what = fault(inside_fd(fd)); \
    if (what < 0) return -1; \
    if (what > 0) { \
        if (call) {} \
        die(); \
    }

ssize_t write(int fd, const void *data, size_t size) {
    TORN(f, REAL(write)(fd, data, size / 2) > 0)
    return REAL(write)(fd, data, size);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) {
    TORN(f, REAL(pwrite)(fd, data, size / 2, offset) > 0)
    return REAL(pwrite)(fd, data, size, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) {
    TORN(f, REAL(pwrite64)(fd, data, size / 2, offset) > 0)
    return REAL(pwrite64)(fd, data, size, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    TORN(f, 0)
    return REAL(writev)(fd, parts, count);
}

int fsync(int fd) {
    TORN(f, 0)
    return REAL(fsync)(fd);
}

int fdatasync(int fd) {
    TORN(f, 0)
    return REAL(fdatasync)(fd);
}

int ftruncate(int fd, off_t size) {
    TORN(f, 0)
    return REAL(ftruncate)(fd, size);
}

int ftruncate64(int fd, off64_t size) {
    TORN(f, 0)
    return REAL(ftruncate64)(fd, size);
}

static int unmappable(int fd, int flags) {
    return action && !strcmp(action, "nomap") && (flags & MAP_SHARED) && fd >= 0 && inside_fd(fd);
}

void *mmap(void *where, size_t size, int protection, int flags, int fd, off_t offset) {
    if (unmappable(fd, flags)) {
        errno = ENODEV;
        return MAP_FAILED;
    }
    return REAL(mmap)(where, size, protection, flags, fd, offset);
}

void *mmap64(void *where, size_t size, int protection, int flags, int fd, off64_t offset) {
    if (unmappable(fd, flags)) {
        errno = ENODEV;
        return MAP_FAILED;
    }
    return REAL(mmap64)(where, size, protection, flags, fd, offset);
}

int rename(const char *from, const char *to) {
    int f = fault(inside(to));
    if (f < 0) return -1;
    if (f > 0) die();
    return REAL(rename)(from, to);
}

int unlink(const char *path) {
    int f = fault(inside(path));
    if (f < 0) return -1;
    if (f > 0) die();
    return REAL(unlink)(path);
}
