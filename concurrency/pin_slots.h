/* pin_slots.h (internal): where a pin is written down.
 *
 * A slot holds the version that one pin keeps alive, or NULL. Every thread has slots of its own, in blocks of
 * whole cache lines, and only ever fills those: no other thread's pins touch the line. Emptying a slot is
 * anybody's, with one store. The blocks stay in one registry for ever, so that a reclaiming thread can read
 * them at any time; when a thread exits, its blocks go to later threads, each as soon as it is empty. */
#ifndef QUIESCE_CONCURRENCY_PIN_SLOTS_H
#define QUIESCE_CONCURRENCY_PIN_SLOTS_H

#include <quiesce/concurrency/snapshot.h>

#include <stdatomic.h>

typedef _Atomic(const struct qsc_version *) qsc_pin_slot;

/* The slot that the calling thread tries first: the one it used last. NULL before its first pin. */
extern __thread qsc_pin_slot *qsc_pin_slots_cursor
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

qsc_pin_slot *qsc_pin_slots_find_slow(int *error);

/* An empty slot of the calling thread's, which stays empty until the thread fills it.
 * Returns: NULL, with ENOMEM or EAGAIN in *error, where a further block is needed and not to be had.
 * Memory order: acquire; pairs with the release in qsc_snapshot_unpin. What whoever released the previous pin
 * did with its version thus happens before the caller's store of the next one, and, that being a release,
 * before whatever the reclaiming thread does after it reads either. */
static inline qsc_pin_slot *qsc_pin_slots_find(int *error)
{
    qsc_pin_slot *slot = qsc_pin_slots_cursor;
    if (__builtin_expect(slot != NULL && atomic_load_explicit(slot, memory_order_acquire) == NULL, 1))
        return slot;
    return qsc_pin_slots_find_slow(error);
}

/* Whether a slot holds the version; if so, *owner is the thread (gettid) that filled it.
 * Once the version cannot be pinned any more, "no" is final.
 * Memory order: acquire; pairs with the release in qsc_snapshot_unpin and in qsc_snapshot_pin: what was done
 * under every pin of the version happens before a "no". */
bool qsc_pin_slots_hold(const struct qsc_version *version, int32_t *owner);

#endif
