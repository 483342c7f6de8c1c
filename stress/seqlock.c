/* Writers number their writes, in all words; readers read by all doors. Arguments name the ways of writing to
 * be used, by default all: two writers who take turns by the sequence itself, one who needs no lock, one who
 * copies in. Oracle: all words of a read are of one write, no reader goes back in time, no write is lost, and
 * who reads version v sees what its writer did before its first store and before its end; before its first
 * store also who loads a word in the middle of the write. */
#include "stress.h"

#include <limits.h>
#include <quiesce/concurrency/seqlock.h>
#include <sched.h>
#include <string.h>

enum {
    WRITERS = 2,
    READERS = STRESS_THREADS(2, 1),
    WORDS = STRESS_SIZE(250, 2),
    WRITES = STRESS_SIZE(1000, 1),
    READS = STRESS_SIZE(3000, 2)
};

struct member {
    int index;
    long met;
    uint64_t seen; // a reader's latest version
};

static const struct way {
    const char *name;
    int writers, writes;
    void (*write)(struct member *, int round);
} * way;
static char **chosen; // names of ways; none: all

static qsc_seqlock lock;
static uint64_t words[WORDS];
static uint64_t before[WRITERS * WRITES + 1], after[WRITERS * WRITES + 1]; // plain: the lock must order them
static uint64_t written;                                                   // plain, the writers'

// Readers run into the middle of a write, and find the lock free between two.
static void dwell(int round)
{
    if (round % 16 == 0)
        nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
    else if (round % 3 == 0)
        sched_yield();
}

static void store_next(int round)
{
    uint64_t version = ++written;
    before[version] = version;
    for (int i = 0; i < WORDS; i++) {
        qsc_seqlock_store(&words[i], version);
        if (i == 0)
            dwell(round);
    }
    after[version] = version;
}

static void write_locked(struct member *me, int round)
{
    if (me->index == 0 || !qsc_seqlock_write_trylock(&lock))
        qsc_seqlock_write_lock(&lock);
    store_next(round);
    qsc_seqlock_write_unlock(&lock);
}

static void write_alone(struct member *me, int round)
{
    (void)me;
    qsc_seqlock_write_begin(&lock);
    store_next(round);
    qsc_seqlock_write_end(&lock);
}

static void write_copy(struct member *me, int round)
{
    (void)me, (void)round;
    uint64_t version = ++written, in[WORDS];
    before[version] = after[version] = version;
    for (int i = 0; i < WORDS; i++)
        in[i] = version;
    qsc_seqlock_write(&lock, words, WORDS, in);
}

static void *write_all(void *arg)
{
    struct member *me = arg;
    for (int round = 0; round < way->writes; round++) {
        way->write(me, round);
        dwell(round + 1);
    }
    return NULL;
}

static void read_by_hand(struct member *me, uint64_t *out)
{
    for (;; me->met++) {
        uint64_t sequence = qsc_seqlock_read_begin(&lock);
        for (int i = 0; i < WORDS; i++) {
            out[i] = qsc_seqlock_load(&words[i]);
            assert(before[out[i]] == out[i]);
        }
        if (!qsc_seqlock_read_retry(&lock, sequence))
            return;
    }
}

// Reads by the door of this round; `met` counts finding a writer inside.
static void read_once(struct member *me, int round)
{
    uint64_t got[WORDS];
    if (round % 3 == 0) {
        read_by_hand(me, got);
    } else if (round % 3 == 2 || !qsc_seqlock_tryread(&lock, words, WORDS, got)) {
        me->met += round % 3 == 1;
        qsc_seqlock_read(&lock, words, WORDS, got);
    }
    for (int i = 1; i < WORDS; i++)
        assert(got[i] == got[0]);
    assert(got[0] >= me->seen && before[got[0]] == got[0] && after[got[0]] == got[0]);
    me->seen = got[0];
}

static void *read_all(void *arg)
{
    struct member *me = arg;
    for (int round = 0; round < READS; round++) {
        read_once(me, round + me->index);
        dwell(round + 1);
    }
    return NULL;
}

static void *run(void *arg)
{
    struct member *me = arg;
    return me->index < way->writers ? write_all(arg) : read_all(arg);
}

static long use(void)
{
    lock = (qsc_seqlock)QSC_SEQLOCK_INIT;
    memset(words, 0, sizeof words);
    memset(before, 0, sizeof before);
    memset(after, 0, sizeof after);
    written = 0;
    struct member members[WRITERS + READERS];
    int threads = way->writers + READERS;
    for (int i = 0; i < threads; i++)
        members[i] = (struct member){.index = i};
    stress_threads(threads, run, members, sizeof *members);

    long met = 0;
    for (int i = 0; i < threads; i++)
        met += members[i].met;
    assert(written == (uint64_t)way->writers * (uint64_t)way->writes);
    assert(words[0] == written && lock.sequence == 2 * written);
    return met;
}

// Returns the meetings in that way of writing which had the fewest.
static long batch(void)
{
    static const struct way ways[] = {
        {"lock", WRITERS, WRITES, write_locked},
        {"alone", 1, WRITERS * WRITES, write_alone},
        {"copy", 1, WRITERS * WRITES, write_copy},
    };
    long fewest = LONG_MAX;
    for (way = ways; way < ways + sizeof ways / sizeof *ways; way++)
        if (stress_is_chosen(chosen, way->name)) {
            long met = use();
            fewest = met < fewest ? met : fewest;
        }
    return fewest;
}

int main(int argc, char **argv)
{
    (void)argc;
    chosen = argv + 1;
    return stress_repeat("reads in each way that met a write", batch, 200);
}
