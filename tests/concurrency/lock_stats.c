#include "futex.h"
#include "threads.h"

#include <criterion/criterion.h>
#include <quiesce/concurrency/brlock.h>
#include <quiesce/concurrency/contended.h>
#include <quiesce/concurrency/lock_stats.h>
#include <quiesce/concurrency/mutex.h>
#include <quiesce/concurrency/pflock.h>
#include <quiesce/concurrency/rwlock.h>
#include <quiesce/concurrency/seqlock.h>
#include <quiesce/concurrency/spin.h>

enum { SAMPLE = 16 }; // as the header says

static qsc_mutex mutex;
static qsc_rwlock rwlock;
static struct qsc_lock_stats stats;
static atomic_int result;

static void reset(void)
{
    futex_reset();
    mutex = (qsc_mutex)QSC_MUTEX_INIT;
    rwlock = (qsc_rwlock)QSC_RWLOCK_INIT;
    stats = (struct qsc_lock_stats){0};
    atomic_store(&result, -1);
}

static void detach(void)
{
    qsc_lock_stats_detach(&stats);
}

TestSuite(lock_stats, .init = reset, .fini = detach, .timeout = 30);

static uint64_t waits(void)
{
    return qsc_lock_stats_read(&stats).contended;
}

static void *lock(void *count)
{
    qsc_mutex_lock(&mutex);
    if (count)
        qsc_lock_stats_count(&stats);
    qsc_mutex_unlock(&mutex);
    return NULL;
}

static void *lock_until(void *deadline)
{
    int error = qsc_mutex_lock_until(&mutex, deadline);
    if (!error)
        qsc_mutex_unlock(&mutex);
    atomic_store(&result, error);
    return NULL;
}

// Has a thread wait for the mutex so long, asleep.
static void wait_ms(long milliseconds)
{
    qsc_mutex_lock(&mutex);
    pthread_t thread = start(lock, NULL);
    AWAIT(futex_sleepers(&mutex.word) == 1);
    sleep_ms(milliseconds);
    qsc_mutex_unlock(&mutex);
    pthread_join(thread, NULL);
}

Test(lock_stats, zero_bytes_are_statistics_without_a_lock)
{
    struct qsc_lock_counts counts = qsc_lock_stats_read(&stats), none = {0};
    cr_assert_arr_eq(&counts, &none, sizeof none);
    qsc_lock_stats_detach(&stats);
}

Test(lock_stats, a_free_lock_costs_no_wait)
{
    qsc_lock_stats_attach(&stats, &mutex);
    for (int i = 0; i < 3; i++)
        lock(NULL);
    cr_assert(qsc_mutex_trylock(&mutex));
    cr_assert_not(qsc_mutex_trylock(&mutex));
    cr_assert_eq(waits(), 0, "a try does not wait");
    qsc_mutex_unlock(&mutex);
}

Test(lock_stats, waits_are_counted_and_timed)
{
    qsc_lock_stats_attach(&stats, &mutex);
    wait_ms(30);
    struct qsc_lock_counts counts = qsc_lock_stats_read(&stats);
    cr_assert_eq(counts.contended, 1);
    cr_assert_geq(counts.wait_ns, 30000000);
    cr_assert_eq(counts.longest_wait_ns, counts.wait_ns);
    wait_ms(1);
    struct qsc_lock_counts later = qsc_lock_stats_read(&stats);
    cr_assert_eq(later.contended, 2);
    cr_assert_gt(later.wait_ns, counts.wait_ns);
    uint64_t second = later.wait_ns - counts.wait_ns;
    cr_assert_eq(later.longest_wait_ns, second > counts.wait_ns ? second : counts.wait_ns);
}

// As a lock does it, without the wait.
Test(lock_stats, of_short_waits_one_stands_for_many)
{
    enum { WAITS = 16000 };
    uint64_t all_ns = 0, longest_ns = 0;
    qsc_lock_stats_attach(&stats, &mutex);
    for (int i = 0; i < WAITS; i++) {
        uint64_t begin = qsc_port_now_ns();
        qsc_contended_end(&mutex, qsc_contended_begin(&mutex), 0);
        uint64_t ns = qsc_port_now_ns() - begin;
        all_ns += ns;
        longest_ns = ns > longest_ns ? ns : longest_ns;
    }
    struct qsc_lock_counts counts = qsc_lock_stats_read(&stats);
    cr_assert(counts.contended > WAITS / 4 * 3 && counts.contended < WAITS / 4 * 5);
    cr_assert_leq(counts.longest_wait_ns, longest_ns);
    cr_assert_leq(counts.wait_ns, SAMPLE * all_ns);
}

Test(lock_stats, a_wait_in_vain_counts)
{
    struct timespec deadline = in_ms(20);
    qsc_lock_stats_attach(&stats, &mutex);
    qsc_mutex_lock(&mutex);
    pthread_join(start(lock_until, &deadline), NULL);
    cr_assert_eq(result, ETIMEDOUT);
    cr_assert_eq(waits(), 1);
    cr_assert_gt(qsc_lock_stats_read(&stats).wait_ns, 0);
    qsc_mutex_unlock(&mutex);
}

Test(lock_stats, only_the_lock_that_it_is_for_counts)
{
    static qsc_mutex others[200]; // more than there are lists: some share the mutex's
    static struct qsc_lock_stats of_others[200];
    qsc_lock_stats_attach(&stats, &mutex);
    for (int i = 0; i < 200; i++)
        qsc_lock_stats_attach(&of_others[i], &others[i]);
    wait_ms(1);
    for (int i = 199; i >= 0; i--)
        cr_assert_eq(qsc_lock_stats_read(&of_others[i]).contended, 0);
    for (int i = 0; i < 200; i += 2) // from the middle of lists, too
        qsc_lock_stats_detach(&of_others[i]);
    wait_ms(1);
    cr_assert_eq(waits(), 2);
    for (int i = 1; i < 200; i += 2)
        qsc_lock_stats_detach(&of_others[i]);
    wait_ms(1);
    cr_assert_eq(waits(), 3);
}

Test(lock_stats, detached_it_counts_no_more_and_goes_on_later)
{
    qsc_lock_stats_attach(&stats, &mutex);
    wait_ms(1);
    qsc_lock_stats_detach(&stats);
    wait_ms(1);
    cr_assert_eq(waits(), 1);
    qsc_lock_stats_attach(&stats, &mutex);
    wait_ms(1);
    cr_assert_eq(waits(), 2);
}

Test(lock_stats, a_wait_that_outlives_its_statistics_touches_them_no_more)
{
    struct qsc_lock_stats *own = calloc(1, sizeof *own);
    cr_assert(own);
    qsc_lock_stats_attach(own, &mutex);
    qsc_mutex_lock(&mutex);
    pthread_t thread = start(lock, NULL);
    AWAIT(futex_sleepers(&mutex.word) == 1);
    qsc_lock_stats_detach(own);
    free(own);
    qsc_mutex_unlock(&mutex);
    pthread_join(thread, NULL);
}

Test(lock_stats, sections_and_their_owners_are_counted)
{
    for (int i = 0; i < 3; i++)
        lock(&stats);
    struct qsc_lock_counts counts = qsc_lock_stats_read(&stats);
    cr_assert_eq(counts.operations, 3);
    cr_assert_eq(counts.owner_switches, 0, "the first owner follows nobody");
    pthread_join(start(lock, &stats), NULL);
    lock(&stats);
    lock(&stats);
    counts = qsc_lock_stats_read(&stats);
    cr_assert_eq(counts.operations, 6);
    cr_assert_eq(counts.owner_switches, 2);
    cr_assert_eq(counts.contended, 0);
}

static void *read_lock(void *unused)
{
    qsc_rwlock_read_lock(&rwlock);
    qsc_rwlock_read_unlock(&rwlock);
    return unused;
}

static void *write_lock(void *unused)
{
    qsc_rwlock_write_lock(&rwlock);
    qsc_rwlock_write_unlock(&rwlock);
    return unused;
}

Test(lock_stats, readers_and_writers_wait_for_one_lock)
{
    qsc_lock_stats_attach(&stats, &rwlock);
    qsc_rwlock_write_lock(&rwlock);
    pthread_t reader = start(read_lock, NULL);
    AWAIT(futex_sleepers(&rwlock.state) == 1);
    pthread_t writer = start(write_lock, NULL);
    AWAIT(futex_sleepers(&rwlock.line.word) == 1);
    qsc_rwlock_write_unlock(&rwlock);
    pthread_join(reader, NULL);
    pthread_join(writer, NULL);
    cr_assert_eq(waits(), 2, "its line is a mutex, but not the lock");
}

static qsc_brlock brlock;

static void *read_lock_br(void *unused)
{
    qsc_brlock_read_lock(&brlock);
    qsc_brlock_read_unlock(&brlock);
    return unused;
}

static void *write_lock_br(void *unused)
{
    qsc_brlock_write_lock(&brlock);
    qsc_brlock_write_unlock(&brlock);
    return unused;
}

// A writer that waits for a reader, and who waits for that writer.
Test(lock_stats, a_big_reader_lock_has_them_too)
{
    cr_assert_eq(qsc_brlock_init(&brlock), 0);
    qsc_lock_stats_attach(&stats, &brlock);
    qsc_brlock_read_lock(&brlock);
    uint32_t *word = qsc_per_thread_get(&brlock.readers);
    pthread_t writer = start(write_lock_br, NULL);
    AWAIT(futex_sleepers(word) == 1);
    pthread_t reader = start(read_lock_br, NULL);
    AWAIT(futex_sleepers(&brlock.state) == 1);
    qsc_brlock_read_unlock(&brlock);
    pthread_join(reader, NULL);
    pthread_join(writer, NULL);
    cr_assert_eq(waits(), 2);
    qsc_lock_stats_detach(&stats);
    qsc_brlock_fini(&brlock);
}

static qsc_pflock pflock;

static void *read_lock_pf(void *unused)
{
    qsc_pflock_read_lock(&pflock);
    qsc_pflock_read_unlock(&pflock);
    return unused;
}

static void *write_lock_pf(void *unused)
{
    qsc_pflock_write_lock(&pflock);
    qsc_pflock_write_unlock(&pflock);
    return unused;
}

Test(lock_stats, a_phase_fair_lock_has_them_too)
{
    pflock = (qsc_pflock)QSC_PFLOCK_INIT;
    qsc_lock_stats_attach(&stats, &pflock);
    qsc_pflock_write_lock(&pflock);
    pthread_t reader = start(read_lock_pf, NULL), writer = start(write_lock_pf, NULL);
    AWAIT(__atomic_load_n(&pflock.readers_in, __ATOMIC_RELAXED) >= 4);
    AWAIT(__atomic_load_n(&pflock.next_writer, __ATOMIC_RELAXED) == 2);
    sleep_ms(1);
    qsc_pflock_write_unlock(&pflock);
    pthread_join(reader, NULL);
    pthread_join(writer, NULL);
    // one of the two may have been preempted between its coming and the beginning of its wait
    cr_assert(waits() >= 1 && waits() <= 2 * SAMPLE);
}

struct spinner {
    const struct qsc_spin_ops *ops;
    void *lock, *node;
    atomic_bool came;
};

static void *spin_once(void *arg)
{
    struct spinner *me = arg;
    atomic_store(&me->came, true);
    me->ops->lock(me->lock, me->node);
    me->node = me->ops->unlock(me->lock, me->node);
    return NULL;
}

// Whoever waits awake leaves no sign of it: another thread comes until one was late enough.
Test(lock_stats, spin_locks_have_them_too)
{
    static struct {
        _Alignas(64) char bytes[64];
    } lock, nodes[3];
    for (int i = 0; i < QSC_SPIN_LOCKS; i++) {
        const struct qsc_spin_ops *ops = &qsc_spin_ops[i];
        struct spinner other = {.ops = ops, .lock = &lock, .node = &nodes[2]};
        void *node = &nodes[1];
        ops->init(&lock, &nodes[0]);
        stats = (struct qsc_lock_stats){0};
        qsc_lock_stats_attach(&stats, &lock);
        while (waits() == 0) {
            atomic_store(&other.came, false);
            ops->lock(&lock, node);
            pthread_t thread = start(spin_once, &other);
            AWAIT(atomic_load(&other.came));
            sleep_ms(1);
            node = ops->unlock(&lock, node);
            pthread_join(thread, NULL);
        }
        cr_assert(waits() == 1 || waits() == SAMPLE, "%s", ops->name);
        cr_assert_gt(qsc_lock_stats_read(&stats).wait_ns, 0);
        qsc_lock_stats_detach(&stats);
    }
}

static qsc_seqlock seqlock;

static void *write_once(void *came)
{
    atomic_store((atomic_bool *)came, true);
    qsc_seqlock_write_lock(&seqlock);
    qsc_seqlock_write_unlock(&seqlock);
    return NULL;
}

Test(lock_stats, writers_of_a_seqlock_have_them_too)
{
    seqlock = (qsc_seqlock)QSC_SEQLOCK_INIT;
    qsc_lock_stats_attach(&stats, &seqlock);
    while (waits() == 0) {
        atomic_bool came = false;
        qsc_seqlock_write_lock(&seqlock);
        pthread_t thread = start(write_once, &came);
        AWAIT(atomic_load(&came));
        sleep_ms(1);
        qsc_seqlock_write_unlock(&seqlock);
        pthread_join(thread, NULL);
    }
    cr_assert(waits() == 1 || waits() == SAMPLE);
}
