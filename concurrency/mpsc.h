/* mpsc.h: an unbounded queue from many threads to one, of nodes that lie inside of the caller's objects.
 *
 * A linked list whose back is exchanged, then linked to (D. Vyukov, "Intrusive MPSC node-based queue",
 * 1024cores.net, 2010), but without his stub: an empty back stands for it, as in an MCS lock, so that the
 * last node leaves by one compare-and-swap and all bytes zero are an empty queue; nothing to destroy.
 *
 * Between the exchange and the link a push leaves the list cut: until it goes on, the items from its own on
 * cannot be reached, though their pushes may have returned. A pop that comes to the cut returns EBUSY, which
 * is not EAGAIN, empty.
 *
 * Nothing here waits. For waiting, deadlines and an end there is qsc_queue_init_mpsc in queue.h. */
#ifndef QUIESCE_CONCURRENCY_MPSC_H
#define QUIESCE_CONCURRENCY_MPSC_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One place in a queue: a member of the object that is queued. Its content is the queue's from the push to
 * the pop, and may be anything before and after. */
typedef struct qsc_mpsc_node {
    struct qsc_mpsc_node *next; /* private */
} qsc_mpsc_node;

typedef struct {
    __attribute__((aligned(64))) uintptr_t back;       /* private, the producers' */
    __attribute__((aligned(64))) qsc_mpsc_node *first; /* private, the consumer's */
} qsc_mpsc;

/* Appends `node`, which is in no queue.
 * Does not block. Wait-free: one exchange, one store. Memory order: what happened before the push happens
 * before the return of the pop that gets the node. Any thread, also inside of a signal handler (the thread
 * that it interrupted may have left the list cut). */
void qsc_mpsc_push(qsc_mpsc *queue, qsc_mpsc_node *node);

/* Takes the oldest node into *node. From then on the queue does not touch it: it may be freed or pushed
 * again. Returns 0, EAGAIN (empty) or EBUSY (cut: a push is under way). *node is written only with 0. Does
 * not block. Wait-free. Memory order: see push. One thread at a time; another may take over by something that
 * synchronises. */
__attribute__((warn_unused_result)) int qsc_mpsc_trypop(qsc_mpsc *queue, qsc_mpsc_node **node);

/* Writes the state in words, for a debugger or a log: one line, `size` bytes at most with its NUL.
 * Returns the length of the whole, as snprintf. Does not block. Progress: wait-free. Memory order: none: it
 * was true a moment ago. Any thread. Not inside of a signal handler. */
int qsc_mpsc_dump(const qsc_mpsc *queue, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
