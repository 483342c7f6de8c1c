/* What the tests of model/ share: a scratch directory, small files, and memory that runs out. */
#ifndef QUIESCE_TESTS_MODEL_SUPPORT_H
#define QUIESCE_TESTS_MODEL_SUPPORT_H

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <quiesce/concurrency/alloc.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char scratch[64]; /* the directory of the running test */

static inline void scratch_make(void)
{
    /* in memory where that can be had: hundreds of synced files would wait for a disk */
    strcpy(scratch, access("/dev/shm", W_OK) == 0 ? "/dev/shm/qsc-XXXXXX" : "/tmp/qsc-XXXXXX");
    cr_assert_not_null(mkdtemp(scratch));
}

static inline void scratch_remove(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", scratch);
    cr_assert_eq(system(command), 0);
}

/* A name in the scratch directory; eight of them may be in use at once. */
static inline const char *in_scratch(const char *format, ...)
{
    static char names[8][512];
    static unsigned turn;
    char *name = names[turn++ % 8];
    int n = snprintf(name, sizeof names[0], "%s/", scratch);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name + n, sizeof names[0] - (size_t)n, format, arguments);
    va_end(arguments);
    return name;
}

static inline void write_bytes(const char *path, const void *bytes, size_t length)
{
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file, "%s: %s", path, strerror(errno));
    cr_assert_eq(fwrite(bytes, 1, length, file), length);
    cr_assert_eq(fclose(file), 0);
}

static inline void write_text(const char *path, const char *text)
{
    write_bytes(path, text, strlen(text));
}

/* The whole file, to be freed; NULL if there is none. */
static inline char *read_bytes(const char *path, size_t *length)
{
    *length = 0;
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    char *bytes = malloc(1 << 24);
    cr_assert_not_null(bytes);
    *length = fread(bytes, 1, 1 << 24, file);
    fclose(file);
    return bytes;
}

static inline bool same_bytes(const char *a, const char *b)
{
    size_t n, m;
    char *x = read_bytes(a, &n), *y = read_bytes(b, &m);
    bool same = x && y && n == m && memcmp(x, y, n) == 0;
    free(x);
    free(y);
    return same;
}

static inline bool exists(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0;
}

static inline int count_entries(const char *directory)
{
    DIR *entries = opendir(directory);
    cr_assert_not_null(entries, "%s: %s", directory, strerror(errno));
    int count = 0;
    for (const struct dirent *e; (e = readdir(entries)) != NULL;)
        count += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(entries);
    return count;
}

/* Files may not grow beyond this many bytes: what a full disk looks like, without one. */
static inline void limit_file_size(rlim_t bytes)
{
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit = {bytes, RLIM_INFINITY};
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Memory that runs out at the k-th allocation, of ours and of jansson. */
static long failing_left; /* allocations that still succeed; may be taken by several threads */
static long failing_count;

static inline bool failing_fails(void)
{
    __atomic_fetch_add(&failing_count, 1, __ATOMIC_RELAXED);
    return __atomic_fetch_sub(&failing_left, 1, __ATOMIC_RELAXED) <= 0;
}

static void *failing_allocate(void *context, size_t bytes, size_t align)
{
    (void)context;
    return failing_fails() ? NULL : aligned_alloc(align, (bytes + align - 1) / align * align);
}

static void *failing_zeroed(void *context, size_t bytes)
{
    (void)context;
    return failing_fails() ? NULL : calloc(1, bytes);
}

static void *failing_reallocate(void *context, void *memory, size_t bytes)
{
    (void)context;
    return failing_fails() ? NULL : realloc(memory, bytes);
}

static void failing_release(void *context, void *memory)
{
    (void)context;
    free(memory);
}

static inline void failing_install(void)
{
    static const struct qsc_allocator failing = {failing_allocate, failing_zeroed, failing_reallocate,
                                                 failing_release, NULL};
    qsc_alloc_set(&failing);
    json_set_alloc_funcs(qsc_alloc, qsc_free);
}

/* Runs `body`, which returns 0 or an errno code, with the 1st allocation failing, the 2nd, ... until it
 * succeeds because there is no k-th. Returns how many failures were survived. */
static inline long fail_each_allocation(int (*body)(void *context), void *context)
{
    failing_install();
    for (long k = 0;; k++) {
        __atomic_store_n(&failing_left, k, __ATOMIC_RELAXED);
        int code = body(context);
        bool reached = __atomic_load_n(&failing_left, __ATOMIC_RELAXED) < 0;
        __atomic_store_n(&failing_left, LONG_MAX, __ATOMIC_RELAXED);
        if (!reached) {
            cr_assert_eq(code, 0, "fails with %d though no allocation did", code);
            return k;
        }
        cr_assert_neq(code, 0, "succeeds though allocation %ld failed", k + 1);
    }
}

#endif
