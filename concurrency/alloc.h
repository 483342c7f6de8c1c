/* alloc.h: the one place where memory comes from.
 *
 * Every allocation of quiesce goes through these functions, so that a program can bring its own allocator
 * and a test can make the k-th allocation fail. None of them is called by a lock, a queue or a reader. */
#ifndef QUIESCE_CONCURRENCY_ALLOC_H
#define QUIESCE_CONCURRENCY_ALLOC_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An allocator. Sizes are never 0, `align` is a power of two. Each function that allocates returns NULL on
 * failure; `release` never gets NULL. They may be called from any thread at the same time. */
struct qsc_allocator {
    void *(*allocate)(void *context, size_t bytes, size_t align);
    void *(*allocate_zeroed)(void *context, size_t bytes);
    void *(*reallocate)(void *context, void *memory, size_t bytes); /* memory may be NULL */
    void (*release)(void *context, void *memory);
    void *context;
};

/* Replaces the allocator (malloc and its family at the start), NULL brings that back. The structure is
 * copied. Does not block, wait-free. Not thread-safe: call it while no other call into quiesce is in progress
 * and nothing that the previous allocator gave is still to be freed. */
void qsc_alloc_set(const struct qsc_allocator *allocator);

/* Allocates `bytes` aligned as malloc aligns; 0 bytes give a unique pointer, so that NULL always means
 * failure. Returns NULL when there is no memory. May block where the allocator does. Any thread. Not inside
 * of a signal handler or a read section. */
__attribute__((warn_unused_result, malloc)) void *qsc_alloc(size_t bytes);

/* As qsc_alloc, aligned to `align` bytes, a power of two. Not to be handed to qsc_realloc. */
__attribute__((warn_unused_result, malloc)) void *qsc_alloc_aligned(size_t bytes, size_t align);

/* As qsc_alloc for n objects of `size` bytes, all bytes zero. Returns NULL too where n * size does not fit
 * size_t. */
__attribute__((warn_unused_result, malloc)) void *qsc_alloc_zeroed(size_t n, size_t size);

/* Changes the size of what qsc_alloc, qsc_alloc_zeroed or qsc_realloc gave, or allocates where `memory` is
 * NULL. Returns the memory, perhaps moved; NULL when there is no memory, and then the old block is untouched
 * and still the caller's. Otherwise as qsc_alloc. */
__attribute__((warn_unused_result)) void *qsc_realloc(void *memory, size_t bytes);

/* Frees what the functions above gave; NULL is allowed. Leaves errno as it was.
 * May block where the allocator does. Any thread. Not inside of a signal handler or a read section. */
void qsc_free(void *memory);

#ifdef __cplusplus
}
#endif
#endif
