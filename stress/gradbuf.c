/* Three producers contribute out of order to rounds of changing length, while a reducer checks the sum of the
 * round before and a driver opens the next. The vector has two blocks, so that two threads may add at once.
 * Oracle: the bits of every sum are those of one thread that adds in the order of the indices; the numbers
 * are such that another order gives other bits. */
#include "stress.h"

#include <errno.h>
#include <quiesce/concurrency/gradbuf.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    PRODUCERS = STRESS_THREADS(3, 2),
    ROUNDS = STRESS_SIZE(100, 2),
    LONGEST = STRESS_THREADS(12, 2),
    SHARDS = STRESS_THREADS(4, 1),
    SIZE = STRESS_THREADS(8192 + 16, 2),
    DISTINCT = STRESS_THREADS(16, 2) // elements repeat after so many
};

struct contribution {
    int round, index;
    _Atomic bool committed; // relaxed: it must not order what the buffers should
};

struct shared {
    qsc_gradbuf buffers;
    int total;
    struct contribution contributions[ROUNDS * LONGEST]; // in the order in which they are begun
    struct contribution *by_index[ROUNDS][LONGEST];
    _Atomic int taken;
    _Atomic int opened; // rounds; hands each to the producers
    long out_of_order[PRODUCERS], overlapped;
};

static int length(int round)
{
    return 1 + (round * 7 + LONGEST - 1) % LONGEST;
}

static float number(int round, int index, int element)
{
    uint32_t x = (uint32_t)(round * LONGEST + index) * 2654435761U + (uint32_t)element * 40503U;
    x ^= x >> 15;
    float small = (float)(x % 1000003U) * 1e-3F;
    return x & 1 ? small : -small * 1e4F;
}

// Groups of SHARDS indices are begun backwards: as far out of order as the bounded memory allows without
// deadlock.
static void plan(struct shared *shared)
{
    struct contribution *next = shared->contributions;
    for (int round = 0; round < ROUNDS; round++)
        for (int group = 0; group < length(round); group += SHARDS)
            for (int i = SHARDS - 1; i >= 0; i--)
                if (group + i < length(round)) {
                    *next = (struct contribution){.round = round, .index = group + i};
                    shared->by_index[round][group + i] = next++;
                }
    shared->total = (int)(next - shared->contributions);
}

static void contribute(struct shared *shared, struct contribution *it, long *out_of_order)
{
    float *grad;
    int error = qsc_gradbuf_begin(&shared->buffers, (uint32_t)it->index, &grad);
    assert(error == 0);
    for (int i = 0; i < SIZE; i++)
        grad[i] = number(it->round, it->index, i % DISTINCT);
    if (it->index % 3 == 1)
        sched_yield();
    for (int i = 0; i < it->index; i++)
        if (!atomic_load_explicit(&shared->by_index[it->round][i]->committed, memory_order_relaxed)) {
            ++*out_of_order;
            break;
        }
    qsc_gradbuf_commit(&shared->buffers, (uint32_t)it->index);
    atomic_store_explicit(&it->committed, true, memory_order_relaxed);
}

static void produce(struct shared *shared, int producer)
{
    int taken;
    while ((taken = atomic_fetch_add_explicit(&shared->taken, 1, memory_order_relaxed)) < shared->total) {
        struct contribution *it = &shared->contributions[taken];
        while (atomic_load_explicit(&shared->opened, memory_order_acquire) <= it->round)
            sched_yield();
        contribute(shared, it, &shared->out_of_order[producer]);
    }
}

static void drive(struct shared *shared)
{
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t contributions = (uint32_t)length(round);
        int error;
        while ((error = round % 2 ? qsc_gradbuf_open(&shared->buffers, contributions)
                                  : qsc_gradbuf_tryopen(&shared->buffers, contributions)) == EAGAIN)
            sched_yield();
        assert(error == 0);
        atomic_store_explicit(&shared->opened, round + 1, memory_order_release);
    }
}

static void reduce(struct shared *shared)
{
    for (int round = 0; round < ROUNDS; round++) {
        float *sum, expected[DISTINCT];
        int error;
        while ((error = round % 3 ? qsc_gradbuf_wait(&shared->buffers, &sum)
                                  : qsc_gradbuf_trywait(&shared->buffers, &sum)) == EAGAIN)
            sched_yield();
        assert(error == 0);
        for (int i = 0; i < DISTINCT; i++) {
            expected[i] = number(round, 0, i);
            for (int index = 1; index < length(round); index++)
                expected[i] += number(round, index, i);
        }
        for (int i = 0; i < SIZE; i++)
            assert(memcmp(&sum[i], &expected[i % DISTINCT], sizeof *sum) == 0);
        shared->overlapped += atomic_load_explicit(&shared->opened, memory_order_relaxed) > round + 1;
        if (round % 5 == 4)
            nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL); // the driver has to wait for the release
        memset(sum, 0xff, SIZE * sizeof *sum); // the reducer may write; nobody may count on what is left
        qsc_gradbuf_release(&shared->buffers);
    }
}

struct member {
    struct shared *shared;
    int role;
};

static void *run(void *arg)
{
    struct member *me = arg;
    if (me->role < PRODUCERS)
        produce(me->shared, me->role);
    else if (me->role == PRODUCERS)
        drive(me->shared);
    else
        reduce(me->shared);
    return NULL;
}

static long batch(void)
{
    struct shared *shared = aligned_alloc(64, (sizeof *shared + 63) & ~(size_t)63);
    assert(shared);
    memset(shared, 0, sizeof *shared);
    plan(shared);
    int error = qsc_gradbuf_init(&shared->buffers, SIZE, SHARDS);
    assert(error == 0);
    struct member members[PRODUCERS + 2];
    for (int i = 0; i < PRODUCERS + 2; i++)
        members[i] = (struct member){shared, i};
    stress_threads(PRODUCERS + 2, run, members, sizeof *members);
    long out_of_order = 0, overlapped = shared->overlapped;
    for (int i = 0; i < PRODUCERS; i++)
        out_of_order += shared->out_of_order[i];
    qsc_gradbuf_fini(&shared->buffers);
    free(shared);
    return out_of_order < overlapped ? out_of_order : overlapped;
}

int main(void)
{
    return stress_repeat("contributions out of order, and rounds filled while another is read", batch, 100);
}
