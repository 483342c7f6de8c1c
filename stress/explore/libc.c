/* The rest of the C library that an exploration takes over: failures, the heap, time. */
#include "access.h"
#include "early.h"
#include "heap.h"
#include "machine.h"
#include "options.h"
#include "real.h"
#include "spin.h"
#include "written.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SITE __builtin_return_address(0)

void __assert_fail(const char *assertion, const char *file, unsigned line, const char *function)
{
    if (qx_exploring())
        qx_fail(QX_ASSERTION, SITE, NULL, "assert(%s) fails at %s:%u", assertion, file, line);
    QX_REAL(__assert_fail)(assertion, file, line, function);
    __builtin_unreachable();
}

void abort(void)
{
    if (qx_exploring())
        qx_fail(QX_CRASH, SITE, NULL, "the program calls abort");
    QX_REAL(abort)();
    __builtin_unreachable();
}

// The linker leads the program's calls here (--wrap); the C library's own, and ours, keep their heap.
void *__wrap_malloc(size_t size);
void __wrap_free(void *block);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
int __wrap_posix_memalign(void **block, size_t alignment, size_t size);

static void *allocate(size_t size, size_t alignment, const void *site)
{
    bool fails = qx_happens(&qx_self()->failed_allocations, qx_options()->failing_allocations, site);
    void *block =
        fails ? NULL : qx_heap_allocate(qx_self_number(), qx_self()->executed, size, alignment, site);
    if (!block)
        errno = ENOMEM;
    qx_spin_changed();
    return block;
}

static void release(void *address, const void *site)
{
    if (!address || !qx_heap_owns(address))
        return; // the C library's, or older than main: it must be there again in the next execution
    struct qx_block *block = qx_heap_find(address);
    if (!block || block->start != address)
        qx_fail(QX_MISUSE, site, NULL, "free of %p, which is not the beginning of a block", address);
    if (block->freed)
        qx_fail(QX_MISUSE, site, block->freed_at, "double free of %p", address);
    if (block->size)
        qx_plain(address, block->size, true, site); // races with every access that is not ordered before it
    block->freed = true;
    block->freed_at = site;
    qx_spin_changed();
}

// Outside of an execution.
static void *allocate_outside(size_t size, size_t alignment)
{
    void *block = qx_early_allocate(size, alignment);
    if (block)
        return block;
    return alignment > 16 ? aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment)
                          : malloc(size);
}

static void release_outside(void *block)
{
    if (!qx_heap_owns(block) && !qx_early_owns(block))
        free(block);
}

void *__wrap_malloc(size_t size)
{
    return qx_exploring() ? allocate(size, 16, SITE) : allocate_outside(size, 16);
}

void *__wrap_calloc(size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    void *block = qx_exploring() ? allocate(bytes, 16, SITE) : allocate_outside(bytes, 16);
    if (block && qx_exploring())
        qx_written_note(block, bytes);
    return block ? memset(block, 0, bytes) : NULL;
}

static void *reallocate_outside(void *old, size_t size)
{
    if (old && !qx_early_owns(old))
        return realloc(old, size);
    void *new = allocate_outside(size, 16);
    size_t before = old ? qx_early_size(old) : 0;
    return new &&old ? memcpy(new, old, before < size ? before : size) : new;
}

void *__wrap_realloc(void *old, size_t size)
{
    if (!qx_exploring())
        return reallocate_outside(old, size);
    void *new = allocate(size, 16, SITE);
    if (!new || !old)
        return new;
    if (!qx_heap_owns(old))
        qx_fail(QX_MISUSE, SITE, NULL, "realloc of a block that was not allocated in main");
    const struct qx_block *block = qx_heap_find(old);
    if (block && block->start == old && !block->freed) {
        size_t kept = block->size < size ? block->size : size;
        if (kept)
            qx_plain(old, kept, false, SITE);
        memcpy(new, old, kept);
        qx_written_copy(new, old, kept);
    }
    release(old, SITE);
    return new;
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return qx_exploring() ? allocate(size, alignment, SITE) : allocate_outside(size, alignment);
}

int __wrap_posix_memalign(void **block, size_t alignment, size_t size)
{
    int before = errno;
    *block = qx_exploring() ? allocate(size, alignment, SITE) : allocate_outside(size, alignment);
    errno = before;
    return *block ? 0 : ENOMEM;
}

void __wrap_free(void *block)
{
    if (qx_exploring())
        release(block, SITE);
    else
        release_outside(block);
}

// C++'s operators new and delete, by their names in the Itanium ABI.
#define NEW(name, ...)                      \
    void *name(size_t size, ##__VA_ARGS__); \
    void *name(size_t size, ##__VA_ARGS__)

static void *new_block(size_t size, size_t alignment, const void *site)
{
    return qx_exploring() ? allocate(size, alignment, site) : allocate_outside(size ? size : 1, alignment);
}

NEW(_Znwm)
{
    return new_block(size, 16, SITE);
}
NEW(_Znam)
{
    return new_block(size, 16, SITE);
}
NEW(_ZnwmSt11align_val_t, size_t alignment)
{
    return new_block(size, alignment, SITE);
}
NEW(_ZnamSt11align_val_t, size_t alignment)
{
    return new_block(size, alignment, SITE);
}
NEW(_ZnwmRKSt9nothrow_t, const void *tag)
{
    return (void)tag, new_block(size, 16, SITE);
}
NEW(_ZnamRKSt9nothrow_t, const void *tag)
{
    return (void)tag, new_block(size, 16, SITE);
}

static void delete_block(void *block, const void *site)
{
    if (qx_exploring())
        release(block, site);
    else
        release_outside(block);
}

#define DELETE(name, ...)                  \
    void name(void *block, ##__VA_ARGS__); \
    void name(void *block, ##__VA_ARGS__)

DELETE(_ZdlPv)
{
    delete_block(block, SITE);
}
DELETE(_ZdaPv)
{
    delete_block(block, SITE);
}
DELETE(_ZdlPvm, size_t size)
{
    (void)size, delete_block(block, SITE);
}
DELETE(_ZdaPvm, size_t size)
{
    (void)size, delete_block(block, SITE);
}
DELETE(_ZdlPvSt11align_val_t, size_t alignment)
{
    (void)alignment, delete_block(block, SITE);
}
DELETE(_ZdaPvSt11align_val_t, size_t alignment)
{
    (void)alignment, delete_block(block, SITE);
}
DELETE(_ZdlPvmSt11align_val_t, size_t size, size_t alignment)
{
    (void)size, (void)alignment, delete_block(block, SITE);
}
DELETE(_ZdaPvmSt11align_val_t, size_t size, size_t alignment)
{
    (void)size, (void)alignment, delete_block(block, SITE);
}

void *__wrap_memcpy(void *to, const void *from, size_t size);
void *__wrap_memmove(void *to, const void *from, size_t size);
void *__wrap_memset(void *to, int value, size_t size);

// A copy may be of what nobody has written, such as padding.
static void copy(void *to, const void *from, size_t size, const void *site)
{
    qx_plain((void *)(uintptr_t)from, size, false, site);
    qx_plain(to, size, true, site);
    bool apart = (uintptr_t)to - (uintptr_t)from >= size && (uintptr_t)from - (uintptr_t)to >= size;
    if (apart && qx_heap_owns(to) && qx_heap_owns(from))
        qx_written_copy(to, from, size);
}

void *__wrap_memcpy(void *to, const void *from, size_t size)
{
    if (qx_exploring() && size)
        copy(to, from, size, SITE);
    return memcpy(to, from, size);
}

void *__wrap_memmove(void *to, const void *from, size_t size)
{
    if (qx_exploring() && size)
        copy(to, from, size, SITE);
    return memmove(to, from, size);
}

void *__wrap_memset(void *to, int value, size_t size)
{
    if (qx_exploring() && size)
        qx_plain(to, size, true, SITE);
    return memset(to, value, size);
}

// clang from version 15 on calls them by these names.
void *__tsan_memcpy(void *to, const void *from, size_t size) __attribute__((alias("__wrap_memcpy")));
void *__tsan_memmove(void *to, const void *from, size_t size) __attribute__((alias("__wrap_memmove")));
void *__tsan_memset(void *to, int value, size_t size) __attribute__((alias("__wrap_memset")));

int sched_yield(void)
{
    if (!qx_exploring())
        return QX_REAL(sched_yield)();
    qx_yield(SITE);
    return 0;
}

enum { SECONDS_AT_FIRST = 1000000 };

// Time stands still for a thread but for what it sleeps, and for deadlines that pass.
static struct timespec later(int64_t nanoseconds)
{
    qx_self()->clock += nanoseconds;
    int64_t now = qx_self()->clock;
    return (struct timespec){.tv_sec = SECONDS_AT_FIRST + now / 1000000000, .tv_nsec = now % 1000000000};
}

static void reach(struct qx_deadline deadline)
{
    const int64_t most = INT32_MAX; // seconds: nobody waits longer
    int64_t seconds = deadline.at->tv_sec < most ? deadline.at->tv_sec : most, *clock = &qx_self()->clock;
    int64_t from = deadline.relative ? *clock : -(int64_t)SECONDS_AT_FIRST * 1000000000;
    int64_t to = from + seconds * 1000000000 + deadline.at->tv_nsec;
    if (*clock < to)
        *clock = to;
}

bool qx_expires(struct qx_deadline deadline, const void *site)
{
    if (!deadline.at)
        return false;
    int most = qx_options()->deadlines, *passed = &qx_self()->deadlines;
    bool over = false;
    if (most > 0 && *passed >= most)
        qx_leave_out(site);
    else
        over = qx_choose(2, site) == 1;
    qx_self()->timed = !over;
    *passed += over;
    if (over)
        reach(deadline);
    return over;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    if (!qx_exploring())
        return QX_REAL(clock_gettime)(clock, now);
    *now = later(0);
    return 0;
}

time_t time(time_t *result)
{
    time_t now = qx_exploring() ? later(0).tv_sec : QX_REAL(time)(NULL);
    if (result)
        *result = now;
    return now;
}

int timespec_get(struct timespec *now, int base)
{
    if (!qx_exploring() || base != TIME_UTC)
        return QX_REAL(timespec_get)(now, base);
    *now = later(0);
    return base;
}

void qx_sleep(struct qx_deadline until, const void *site)
{
    reach(until);
    qx_yield(site);
}

int nanosleep(const struct timespec *duration, struct timespec *rest)
{
    if (!qx_exploring())
        return QX_REAL(nanosleep)(duration, rest);
    qx_sleep((struct qx_deadline){.at = duration, .relative = true}, SITE);
    return 0;
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *duration, struct timespec *rest)
{
    if (!qx_exploring())
        return QX_REAL(clock_nanosleep)(clock, flags, duration, rest);
    qx_sleep((struct qx_deadline){.at = duration, .relative = !(flags & TIMER_ABSTIME)}, SITE);
    return 0;
}

static void doze(int64_t nanoseconds, const void *site)
{
    later(nanoseconds);
    qx_yield(site);
}

// Without a file to look at it is another way to sleep.
int poll(struct pollfd *files, nfds_t count, int milliseconds)
{
    if (!qx_exploring() || count > 0 || milliseconds < 0)
        return QX_REAL(poll)(files, count, milliseconds);
    doze((int64_t)milliseconds * 1000000, SITE);
    return 0;
}

int usleep(useconds_t duration)
{
    if (!qx_exploring())
        return QX_REAL(usleep)(duration);
    doze((int64_t)duration * 1000, SITE);
    return 0;
}

unsigned sleep(unsigned duration)
{
    if (!qx_exploring())
        return QX_REAL(sleep)(duration);
    doze((int64_t)duration * 1000000000, SITE);
    return 0;
}
