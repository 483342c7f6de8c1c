/* once.c: the word goes from FRESH to RUNNING, perhaps to AWAITED, and to DONE, where it stays. Who runs the
 * function leaves by one exchange, which says whether anyone sleeps; a waiter makes RUNNING AWAITED first and
 * falls asleep only while it is. */
#include <quiesce/concurrency/cancel_wait.h>
#include <quiesce/concurrency/once.h>
#include <quiesce/concurrency/port.h>

#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>

enum {
    FRESH,
    DONE, /* the header's fast path knows this number */
    RUNNING,
    AWAITED /* running, and someone may be asleep */
};

_Static_assert(sizeof(qsc_once) == 4, "promised by the header");
_Static_assert(sizeof(_Atomic uint32_t) == 4 && _Alignof(_Atomic uint32_t) == _Alignof(qsc_once),
               "the word is used as an atomic object");

static _Atomic uint32_t *word_of(qsc_once *once)
{
    return (_Atomic uint32_t *)&once->word;
}

bool qsc_once_trycall_slow(qsc_once *once, void (*run)(void *), void *arg)
{
    uint32_t seen = FRESH;
    if (!atomic_compare_exchange_strong_explicit(word_of(once), &seen, RUNNING, memory_order_relaxed,
                                                 memory_order_relaxed))
        return qsc_once_done(once);
    run(arg);
    // release: pairs with the acquire in qsc_once_done. This is the last access to the memory: who finds DONE
    // may free it.
    if (atomic_exchange_explicit(word_of(once), DONE, memory_order_release) == AWAITED)
        qsc_port_futex_wake(&once->word, INT_MAX);
    return true;
}

int qsc_once_call_cancellable_slow(qsc_once *once, void (*run)(void *), void *arg,
                                   const struct timespec *deadline, const qsc_cancel *cancel)
{
    if (qsc_once_trycall_slow(once, run, arg))
        return 0;
    for (int error = 0; !qsc_once_done(once);) {
        if (qsc_port_wait_error(error))
            return error;
        uint32_t running = RUNNING;
        (void)atomic_compare_exchange_strong_explicit(word_of(once), &running, AWAITED, memory_order_relaxed,
                                                      memory_order_relaxed);
        error = qsc_cancel_wait(&once->word, AWAITED, deadline, cancel);
    }
    return 0;
}

void qsc_once_call_slow(qsc_once *once, void (*run)(void *), void *arg)
{
    (void)!qsc_once_call_cancellable_slow(once, run, arg, NULL, NULL); // there is nothing to give up for
}

int qsc_once_dump(const qsc_once *once, char *text, size_t size)
{
    static const char *const words[] = {
        [FRESH] = "not called",
        [DONE] = "done",
        [RUNNING] = "running",
        [AWAITED] = "running, someone may be asleep",
    };
    uint32_t seen = __atomic_load_n(&once->word, __ATOMIC_RELAXED);
    return snprintf(text, size, "%s", seen <= AWAITED ? words[seen] : "not a once");
}
