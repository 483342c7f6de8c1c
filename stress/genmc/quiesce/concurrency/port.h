/* port.h as GenMC runs it. Where a thread would wait awake, this execution ends: in another one it finds at
 * once what it waits for. That nobody waits awake for ever is the explorer's business. */
#ifndef QUIESCE_CONCURRENCY_PORT_H
#define QUIESCE_CONCURRENCY_PORT_H

#include <errno.h>
#include <genmc.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

static inline void qsc_port_pause(void)
{
}

static inline void qsc_port_yield(void)
{
}

#define qsc_port_turn(spent, pauses) ((void)(spent), (void)(pauses), __VERIFIER_assume(0))
#define qsc_port_next_limit(limit, enough) (limit)

int qsc_port_futex_wait(const uint32_t *word, uint32_t expected, const struct timespec *deadline);

/* As many as the longest chain of tokens in the scenarios needs, and of members without padding. */
#define QSC_PORT_FUTEXES 4
struct qsc_port_futex {
    const uint32_t *word;
    uint64_t expected;
};

int qsc_port_futex_wait_any(const struct qsc_port_futex *futexes, unsigned count,
                            const struct timespec *deadline);

static inline int qsc_port_wait_error(int result)
{
    return result == EAGAIN || result == EINTR ? 0 : result;
}

int qsc_port_futex_wake(const uint32_t *word, int count);
bool qsc_port_membarrier_register(void);
void qsc_port_membarrier(void);
struct timespec qsc_port_now(void);
uint64_t qsc_port_now_ns(void);
int qsc_port_thread_create(pthread_t *thread, void *(*run)(void *), void *arg);
int qsc_port_processors(void);

#endif
