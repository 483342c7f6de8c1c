/* cancel.h: a token by which one thread ends the waits of others, in 16 bytes.
 *
 *     static qsc_cancel server;                               all bytes zero: not cancelled
 *     qsc_cancel request = QSC_CANCEL_CHILD(&server);
 *
 *     int error = qsc_mutex_lock_cancellable(&mutex, deadline, &request);      0, ETIMEDOUT or ECANCELED
 *     ...
 *     qsc_cancel_request(&request);        ends the waits of this request
 *     qsc_cancel_request(&server);         ends those of all requests
 *
 * Each call that sleeps until other threads have done something has such a form, but for a few that say why
 * not; docs/toolkit.md has the list. It is the call with a deadline (NULL: none) and gives up for either
 * reason; what it need not wait for it takes, cancelled or not.
 *
 * Tokens form a tree: a token is cancelled as soon as it or one of its ancestors is, and stays so. Nobody is
 * registered for that: a wait sleeps on its object and on each token up to the root at the same time
 * (futex_waitv(2)), and who cancels wakes those who sleep on that one token. So a child costs nothing,
 * however many there are, and a wait pays for its tokens only when it sleeps.
 *
 * Where the kernel has no futex_waitv (Linux before 5.16, an older seccomp filter), and with more than 127
 * tokens up to the root, a wait looks at its tokens every few milliseconds instead.
 *
 * There is nothing to destroy. A token must outlive its children and the waits with it. Its memory may be
 * freed by a thread that saw it cancelled, even while the request is still returning: a request touches it
 * once, and needs no more than the address to wake. Not shared between processes. */
#ifndef QUIESCE_CONCURRENCY_CANCEL_H
#define QUIESCE_CONCURRENCY_CANCEL_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qsc_cancel {
    const struct qsc_cancel *parent; /* NULL: a root. Private, as the state, which stands in cancel.c */
    uint32_t state;
} qsc_cancel;

/* clang-format off */
#define QSC_CANCEL_INIT {0, 0}
#define QSC_CANCEL_CHILD(parent) {(parent), 0}
/* clang-format on */

/* Cancels the token and all below it, for ever, and wakes the threads that wait with one of them.
 * Does not block. Progress: wait-free. Memory order: release, pairs with the acquire of whoever sees it. Any
 * thread, also inside of a signal handler. */
void qsc_cancel_request(qsc_cancel *cancel);

/* Returns whether the token, or one above it, is cancelled; NULL never is.
 * Does not block. Progress: wait-free, a load for each token up to the root. Memory order: acquire when true,
 * sees all that was done before the request, as does who gets ECANCELED; none when false. Any thread,
 * anywhere. */
__attribute__((warn_unused_result)) bool qsc_cancel_requested(const qsc_cancel *cancel);

#ifdef __cplusplus
}
#endif
#endif
