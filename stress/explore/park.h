/* Threads that sleep until they are woken: what futexes and condition variables stand on. */
#ifndef QUIESCE_EXPLORE_PARK_H
#define QUIESCE_EXPLORE_PARK_H

#include "machine.h"

#include <linux/futex.h>
#include <stdbool.h>
#include <stdint.h>

/* Nobody sleeps: a new execution begins. */
void qx_park_begin(void);
void qx_park_keep(void); // for a checkpoint

/* What futex_wait does: sleeps unless *word is another value. 0: woken; EAGAIN; ETIMEDOUT, where it has a
 * deadline, in an execution of its own; EINTR, or 0 without a cause, where --spurious asks for it. */
int qx_park_futex(uint32_t *word, uint32_t value, struct qx_deadline deadline, uint32_t bits,
                  const void *site);

/* What futex_waitv does: the same on several words. The index of the last by which it was woken, or an error,
 * negative. */
int qx_park_futexes(const struct futex_waitv *futexes, int count, struct qx_deadline deadline,
                    const void *site);

/* Puts the calling thread among the sleepers of a key; it then calls qx_park_sleep. */
void qx_park_announce(const void *key, const void *site);
int qx_park_sleep(const void *key, struct qx_deadline deadline, const void *site);

/* Wakes at most n of them, whichever they are (`first`: in the order in which they fell asleep). Returns how
 * many. */
int qx_park_wake(const void *key, int n, bool first, uint32_t bits, const void *site);

/* Does anybody sleep there? */
bool qx_park_sleeps(const void *key);

/* Moves the sleepers of one key, at most n, to another without waking them. */
int qx_park_move(const void *from, const void *to, int n, const void *site);

#endif
