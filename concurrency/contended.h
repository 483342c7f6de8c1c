/* contended.h (internal): what a lock tells when it was not free and a thread waits for it: who keeps
 * statistics of it, and probes, hear of it. */
#ifndef QUIESCE_CONCURRENCY_CONTENDED_H
#define QUIESCE_CONCURRENCY_CONTENDED_H

#include <stdint.h>

/* The wait for `lock` begins. Returns when, for the other; 0 if nobody wants to know. Does not block. */
uint64_t qsc_contended_begin(const void *lock);

/* It is over: error is 0 if the thread has the lock now. Only the address of the lock is used. */
void qsc_contended_end(const void *lock, uint64_t since, int error);

#endif
