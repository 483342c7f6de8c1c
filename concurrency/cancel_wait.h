/* cancel_wait.h (internal): how a wait sleeps so that a token (cancel.h) ends it.
 *
 * A primitive has one slow path, with a deadline and a token, of which either may be NULL; it sleeps by
 * qsc_cancel_wait alone, and treats ECANCELED as it treats ETIMEDOUT: it looks once more, and gives up. */
#ifndef QUIESCE_CONCURRENCY_CANCEL_WAIT_H
#define QUIESCE_CONCURRENCY_CANCEL_WAIT_H

#include <quiesce/concurrency/cancel.h>

/* As qsc_port_futex_wait (port.h); and ECANCELED when the token is cancelled: then no wake-up of the word was
 * used up. NULL: no token. */
__attribute__((warn_unused_result)) int qsc_cancel_wait(const uint32_t *word, uint32_t expected,
                                                        const struct timespec *deadline,
                                                        const qsc_cancel *cancel);

#endif
