#include <quiesce/concurrency/alloc.h>

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

static void *system_allocate(void *context, size_t bytes, size_t align)
{
    (void)context;
    if (align <= _Alignof(max_align_t))
        return malloc(bytes);
    size_t rounded = (bytes + align - 1) & ~(align - 1); // C11 wants a multiple of the alignment
    return rounded < bytes ? NULL : aligned_alloc(align, rounded);
}

static void *system_allocate_zeroed(void *context, size_t bytes)
{
    (void)context;
    return calloc(1, bytes);
}

static void *system_reallocate(void *context, void *memory, size_t bytes)
{
    (void)context;
    return realloc(memory, bytes);
}

static void system_release(void *context, void *memory)
{
    (void)context;
    int saved = errno; // glibc before 2.33 may change it
    free(memory);
    errno = saved;
}

static const struct qsc_allocator from_system = {system_allocate, system_allocate_zeroed, system_reallocate,
                                                 system_release, NULL};
static struct qsc_allocator current = {system_allocate, system_allocate_zeroed, system_reallocate,
                                       system_release, NULL};

void qsc_alloc_set(const struct qsc_allocator *allocator)
{
    current = allocator ? *allocator : from_system;
}

static size_t at_least_one(size_t bytes)
{
    return bytes ? bytes : 1;
}

void *qsc_alloc(size_t bytes)
{
    return current.allocate(current.context, at_least_one(bytes), _Alignof(max_align_t));
}

void *qsc_alloc_aligned(size_t bytes, size_t align)
{
    return current.allocate(current.context, at_least_one(bytes), align);
}

void *qsc_alloc_zeroed(size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes))
        return NULL;
    return current.allocate_zeroed(current.context, at_least_one(bytes));
}

void *qsc_realloc(void *memory, size_t bytes)
{
    return current.reallocate(current.context, memory, at_least_one(bytes));
}

void qsc_free(void *memory)
{
    if (memory)
        current.release(current.context, memory);
}
