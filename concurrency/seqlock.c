/* seqlock.c: the calls that wait, and the copies. The header says why the orders suffice. */
#include <quiesce/concurrency/annotate.h>
#include <quiesce/concurrency/contended.h>
#include <quiesce/concurrency/port.h>
#include <quiesce/concurrency/seqlock.h>

#include <inttypes.h>
#include <stdio.h>

_Static_assert(__atomic_always_lock_free(sizeof(uint64_t), 0), "the words are atomic objects without a lock");

uint64_t qsc_seqlock_read_begin_slow(const qsc_seqlock *lock)
{
    uint64_t sequence;
    unsigned spent = 0;
    // acquire: pairs with the release in qsc_seqlock_write_end
    while ((sequence = __atomic_load_n(&lock->sequence, __ATOMIC_ACQUIRE)) & 1)
        qsc_port_turn(&spent, 1);
    return sequence;
}

static bool take(qsc_seqlock *lock)
{
    uint64_t sequence = __atomic_load_n(&lock->sequence, __ATOMIC_RELAXED);
    // acquire: pairs with the release in qsc_seqlock_write_end
    return !(sequence & 1) && __atomic_compare_exchange_n(&lock->sequence, &sequence, sequence + 1, false,
                                                          __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

bool qsc_seqlock_write_trylock(qsc_seqlock *lock)
{
    qsc_annotate_lock_begin(lock, QSC_ANNOTATE_TRY);
    bool taken = take(lock);
    qsc_annotate_lock_end(lock, QSC_ANNOTATE_TRY, taken);
    return taken;
}

static void wait_to_take(qsc_seqlock *lock)
{
    uint64_t since = qsc_contended_begin(lock);
    unsigned spent = 0;
    do
        qsc_port_turn(&spent, 1);
    while (!take(lock));
    qsc_contended_end(lock, since, 0);
}

void qsc_seqlock_write_lock(qsc_seqlock *lock)
{
    qsc_annotate_lock_begin(lock, QSC_ANNOTATE_EXCLUSIVE);
    if (!take(lock))
        wait_to_take(lock);
    qsc_annotate_lock_end(lock, QSC_ANNOTATE_EXCLUSIVE, 1);
}

void qsc_seqlock_write_unlock(qsc_seqlock *lock)
{
    qsc_annotate_unlock_begin(lock, QSC_ANNOTATE_EXCLUSIVE);
    qsc_seqlock_write_end(lock);
    qsc_annotate_unlock_end(lock, QSC_ANNOTATE_EXCLUSIVE);
}

static void copy(const uint64_t *words, size_t n, uint64_t *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = qsc_seqlock_load(&words[i]);
}

void qsc_seqlock_read(const qsc_seqlock *lock, const uint64_t *words, size_t n, uint64_t *out)
{
    uint64_t sequence;
    do {
        sequence = qsc_seqlock_read_begin(lock);
        copy(words, n, out);
    } while (qsc_seqlock_read_retry(lock, sequence));
}

bool qsc_seqlock_tryread(const qsc_seqlock *lock, const uint64_t *words, size_t n, uint64_t *out)
{
    // acquire: pairs with the release in qsc_seqlock_write_end
    uint64_t sequence = __atomic_load_n(&lock->sequence, __ATOMIC_ACQUIRE);
    if (sequence & 1)
        return false;
    copy(words, n, out);
    return !qsc_seqlock_read_retry(lock, sequence);
}

void qsc_seqlock_write(qsc_seqlock *lock, uint64_t *words, size_t n, const uint64_t *in)
{
    qsc_seqlock_write_lock(lock);
    for (size_t i = 0; i < n; i++)
        qsc_seqlock_store(&words[i], in[i]);
    qsc_seqlock_write_unlock(lock);
}

int qsc_seqlock_dump(const qsc_seqlock *lock, char *text, size_t size)
{
    uint64_t sequence = __atomic_load_n(&lock->sequence, __ATOMIC_RELAXED);
    return snprintf(text, size, "%" PRIu64 " writes%s", sequence / 2, sequence & 1 ? ", one under way" : "");
}
