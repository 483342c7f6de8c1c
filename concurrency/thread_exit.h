/* thread_exit.h (internal): what the library must do when a thread that used it exits.
 *
 * One pthread key for all of the library: keys are few (128 on musl), and one list has one order. */
#ifndef QUIESCE_CONCURRENCY_THREAD_EXIT_H
#define QUIESCE_CONCURRENCY_THREAD_EXIT_H

struct qsc_thread_exit {
    void (*run)(void);
    struct qsc_thread_exit *next;
};

/* Has hook->run() called on the calling thread when it exits, the last added first. `hook` is thread-local
 * memory of the caller's; it may be added again once it has run: a destructor of another key may use the
 * library after this one did its work.
 * Returns: 0; EAGAIN when the process has no pthread key left, ENOMEM. Blocks: briefly, on a lock.
 * Not inside: a signal handler. */
int qsc_thread_exit_add(struct qsc_thread_exit *hook) __attribute__((warn_unused_result));

#endif
