/* latch.c: the word holds the count in bits 0-30, and in bit 31 (ASLEEP) whether anyone may sleep until it is
 * zero. A waiter sets ASLEEP and falls asleep only while the word is what it saw; whoever counts down to zero
 * finds the bit in what its one access left, or comes before it and keeps the waiter awake. Every change of
 * the word is a read-modify-write, so all of them continue the release sequences of those who counted before,
 * and who finds zero sees what every one of them did. */
#include <quiesce/concurrency/cancel_wait.h>
#include <quiesce/concurrency/latch.h>
#include <quiesce/concurrency/port.h>

#include <assert.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>

#define COUNT 0x7fffffffU
#define ASLEEP 0x80000000U

_Static_assert(sizeof(qsc_latch) == 4, "promised by the header");
_Static_assert(sizeof(_Atomic uint32_t) == 4 && _Alignof(_Atomic uint32_t) == _Alignof(qsc_latch),
               "the word is used as an atomic object");

static _Atomic uint32_t *word_of(qsc_latch *latch)
{
    return (_Atomic uint32_t *)&latch->word;
}

void qsc_latch_count_down(qsc_latch *latch, uint32_t n)
{
    // release: pairs with the acquire in look. This is the last access to the memory: a waiter that finds
    // zero may free it.
    uint32_t before = atomic_fetch_sub_explicit(word_of(latch), n, memory_order_release);
    assert(n <= (before & COUNT));
    if (before == (n | ASLEEP) && n != 0)
        qsc_port_futex_wake(&latch->word, INT_MAX);
}

static uint32_t look(qsc_latch *latch)
{
    // acquire: pairs with the release in qsc_latch_count_down
    return atomic_load_explicit(word_of(latch), memory_order_acquire);
}

bool qsc_latch_trywait(qsc_latch *latch)
{
    return (look(latch) & COUNT) == 0;
}

// Waits for the latch to open, but not longer than lately paid off. Returns the last value seen.
static uint32_t spin(qsc_latch *latch)
{
    static _Thread_local unsigned limit = QSC_PORT_SPINS;
    uint32_t seen = look(latch);
    for (unsigned n = 0; (seen & COUNT) && n < limit; n++) {
        qsc_port_pause();
        seen = look(latch);
    }
    limit = qsc_port_next_limit(limit, !(seen & COUNT));
    return seen;
}

int qsc_latch_wait_cancellable(qsc_latch *latch, const struct timespec *deadline, const qsc_cancel *cancel)
{
    int error = 0;
    for (uint32_t seen = spin(latch); seen & COUNT; seen = look(latch)) {
        if (qsc_port_wait_error(error))
            return error;
        if (!(seen & ASLEEP) &&
            !atomic_compare_exchange_strong_explicit(word_of(latch), &seen, seen | ASLEEP,
                                                     memory_order_relaxed, memory_order_relaxed))
            continue;
        error = qsc_cancel_wait(&latch->word, seen | ASLEEP, deadline, cancel);
    }
    return 0;
}

int qsc_latch_wait_until(qsc_latch *latch, const struct timespec *deadline)
{
    return qsc_latch_wait_cancellable(latch, deadline, NULL);
}

void qsc_latch_wait(qsc_latch *latch)
{
    (void)!qsc_latch_wait_cancellable(latch, NULL, NULL); // there is nothing to give up for
}

int qsc_latch_dump(const qsc_latch *latch, char *text, size_t size)
{
    uint32_t seen = __atomic_load_n(&latch->word, __ATOMIC_RELAXED);
    return snprintf(text, size, "%s, count %u%s", seen & COUNT ? "closed" : "open", seen & COUNT,
                    seen & ASLEEP ? ", someone may be asleep" : "");
}
