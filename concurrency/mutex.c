/* mutex.c: the contended paths.
 *
 * The word:
 *   bit 0      LOCKED
 *   bit 1      RESERVED  a long waiter closed the mutex to newcomers
 *   bit 2      HANDED    while free: left to the threads in wait(), closed to newcomers
 *   bits 3-30  number of threads in wait(), asleep or about to be
 *   bit 31     ASLEEP    while locked: the unlock owes a wake-up. While free: it is on its way
 *
 * Unlock subtracts LOCKED and nothing else, so ASLEEP outlives it; a newcomer that takes the free mutex
 * clears ASLEEP, and with it the duty to wake another: that is how at most one sleeper is on its way at a
 * time. A fair unlock turns LOCKED into HANDED: only counted threads may take the mutex, and with that they
 * clear HANDED; it stays only if a thread was woken for it, who takes the mutex unless another of them is
 * faster. (Were none woken, two who come while it is HANDED, in different hand-overs, could see the same word
 * and both fall asleep on it.) What makes lost wake-ups impossible: while threads are counted, either the
 * mutex is locked with ASLEEP, or a wake-up is on its way, or a counted thread is awake. A counted thread
 * therefore never sleeps, takes or leaves without setting ASLEEP if others stay behind, and the kernel lets
 * it fall asleep only if the word is still what it saw. Every change of the word is a read-modify-write, so
 * all of them continue the release sequence of the last unlock, and only taking the mutex needs an order. */
#include <quiesce/concurrency/cancel_wait.h>
#include <quiesce/concurrency/contended.h>
#include <quiesce/concurrency/mutex.h>
#include <quiesce/concurrency/port.h>

#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>

#define LOCKED 1U
#define RESERVED 2U
#define HANDED 4U
#define WAITER 8U
#define WAITERS 0x7ffffff8U
#define ASLEEP 0x80000000U

// A waiter woken in vain this often reserves the mutex; each time costs it some 10 us, all of them a few 100.
#define PATIENCE 16

// Pauses between two looks at the word, at most. Measured (docs/benchmarks.md): with 8 the holder loses the
// line so often that mutexes which look less are faster; with 64 a section of 1 us is found to be over too
// late.
#define LONGEST_PAUSE 32

_Static_assert(sizeof(qsc_mutex) == 4, "promised by the header");
_Static_assert(sizeof(_Atomic uint32_t) == 4 && _Alignof(_Atomic uint32_t) == _Alignof(qsc_mutex),
               "the word is used as an atomic object");

static _Atomic uint32_t *word_of(qsc_mutex *mutex)
{
    return (_Atomic uint32_t *)&mutex->word;
}

static uint32_t look(qsc_mutex *mutex)
{
    return atomic_load_explicit(word_of(mutex), memory_order_relaxed);
}

// Takes the mutex if it is free to newcomers. `seen` is what it last saw, and becomes that.
static bool take(qsc_mutex *mutex, uint32_t *seen)
{
    while (!(*seen & (LOCKED | RESERVED | HANDED)))
        // acquire: pairs with the releases of the unlocks, fair or not
        if (atomic_compare_exchange_weak_explicit(word_of(mutex), seen, (*seen | LOCKED) & ~ASLEEP,
                                                  memory_order_acquire, memory_order_relaxed))
            return true;
    return false;
}

// Waits for the mutex to be free, but not longer than lately paid off. Returns the last value seen. Each look
// takes the line from whoever holds the mutex, so the pauses between two of them grow.
static uint32_t spin(qsc_mutex *mutex, uint32_t seen)
{
    static _Thread_local unsigned limit = QSC_PORT_SPINS;
    for (unsigned spent = 0, pauses = 1; (seen & LOCKED) && spent < limit; spent += pauses) {
        if (spent && pauses < LONGEST_PAUSE)
            pauses *= 2;
        for (unsigned i = 0; i < pauses; i++)
            qsc_port_pause();
        seen = look(mutex);
    }
    limit = qsc_port_next_limit(limit, !(seen & LOCKED));
    return seen;
}

// What the word becomes when one counted thread goes; whoever stays may be asleep.
static uint32_t without_waiter(uint32_t seen, bool reserved_by_it)
{
    uint32_t next = (seen - WAITER) & ~(ASLEEP | HANDED);
    if (reserved_by_it)
        next &= ~RESERVED;
    return next & WAITERS ? next | ASLEEP : next;
}

// The deadline passed, or the wait is cancelled: leaves, or takes the mutex if it is free, for then a wake-up
// may have come for this thread. One that is handed over it leaves: another was woken for that.
static int give_up(_Atomic uint32_t *word, bool reserved, int error)
{
    uint32_t seen = atomic_load_explicit(word, memory_order_relaxed);
    for (;;) {
        uint32_t next = without_waiter(seen, reserved) | (seen & HANDED ? HANDED : LOCKED);
        // acquire: pairs with the releases of the unlocks, fair or not
        if (atomic_compare_exchange_weak_explicit(word, &seen, next, memory_order_acquire,
                                                  memory_order_relaxed))
            return seen & (LOCKED | HANDED) ? error : 0;
    }
}

static int wait(qsc_mutex *mutex, uint32_t seen, const struct timespec *deadline, const qsc_cancel *cancel)
{
    _Atomic uint32_t *word = word_of(mutex);
    bool counted = false, reserved = false;
    unsigned woken = 0;
    seen = spin(mutex, seen);
    for (;;) {
        if (!(seen & LOCKED) && (counted || !(seen & (RESERVED | HANDED)))) {
            uint32_t next = (counted ? without_waiter(seen, reserved) : seen & ~ASLEEP) | LOCKED;
            // acquire: pairs with the releases of the unlocks, fair or not
            if (atomic_compare_exchange_weak_explicit(word, &seen, next, memory_order_acquire,
                                                      memory_order_relaxed))
                return 0;
            continue;
        }
        reserved = woken >= PATIENCE;
        uint32_t asleep = (seen | ASLEEP | (reserved ? RESERVED : 0)) + (counted ? 0 : WAITER);
        if (asleep != seen && !atomic_compare_exchange_weak_explicit(
                                  word, &seen, asleep, memory_order_relaxed, memory_order_relaxed))
            continue;
        counted = true;
        int error = qsc_cancel_wait(&mutex->word, asleep, deadline, cancel);
        if (error == 0)
            woken++;
        else if (qsc_port_wait_error(error))
            return give_up(word, reserved, error);
        seen = spin(mutex, look(mutex));
    }
}

int qsc_mutex_lock_cancellable_slow(qsc_mutex *mutex, const struct timespec *deadline,
                                    const qsc_cancel *cancel)
{
    uint32_t seen = look(mutex);
    if (take(mutex, &seen)) // free, but for sleepers
        return 0;
    uint64_t since = qsc_contended_begin(mutex);
    int error = wait(mutex, seen, deadline, cancel);
    qsc_contended_end(mutex, since, error);
    return error;
}

void qsc_mutex_lock_slow(qsc_mutex *mutex)
{
    (void)!qsc_mutex_lock_cancellable_slow(mutex, NULL, NULL); // there is nothing to give up for
}

bool qsc_mutex_trylock_slow(qsc_mutex *mutex)
{
    uint32_t seen = look(mutex);
    return take(mutex, &seen);
}

void qsc_mutex_unlock_slow(qsc_mutex *mutex)
{
    qsc_port_futex_wake(&mutex->word, 1);
}

// The mutex was left to those who wait: wakes one of those who sleep. If nobody does, all are awake, but one
// may yet fall asleep, with others who come meanwhile: then it is opened to everyone, as by an unlock.
static void hand_over(_Atomic uint32_t *word)
{
    if (qsc_port_futex_wake((const uint32_t *)word, 1) == 0 &&
        (atomic_fetch_and_explicit(word, ~HANDED, memory_order_relaxed) & HANDED))
        qsc_port_futex_wake((const uint32_t *)word, 1);
}

// Why nobody starves if all unlocks are fair: each wakes the one who has slept longest, and until a waiter
// has taken the mutex a newcomer can only count itself and fall asleep behind all who sleep. One who comes
// while that one wakes can be faster only if the kernel finds the word changed between its two steps, by
// another who comes just then.
void qsc_mutex_unlock_fair_slow(qsc_mutex *mutex)
{
    // release: pairs with the acquires in qsc_mutex_lock_fast and above
    (void)atomic_fetch_add_explicit(word_of(mutex), HANDED - LOCKED, memory_order_release);
    hand_over(word_of(mutex));
}

int qsc_mutex_dump(const qsc_mutex *mutex, char *text, size_t size)
{
    uint32_t seen = look((qsc_mutex *)mutex);
    const char *wake = seen & LOCKED ? ", the unlock wakes one" : ", one is on its way";
    return snprintf(text, size, "%s, %u waiting%s%s%s", seen & LOCKED ? "locked" : "free",
                    (seen & WAITERS) / WAITER, seen & RESERVED ? ", reserved for one of them" : "",
                    seen & HANDED ? ", handed to one of them" : "", seen & ASLEEP ? wake : "");
}
