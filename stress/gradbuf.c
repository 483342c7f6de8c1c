/* Three producers contribute out of order to rounds of changing length, while a reducer checks the sum of the
 * round before and a driver opens the next, with each kind of buffers; arguments name those to be used. The
 * vector has two blocks, so that two threads may add at once; seen as a table, each contribution leaves out a
 * quarter of its rows in the kind that has rows. Oracle: the bits of every sum are those of one thread that
 * adds in the order of the indices; the numbers are such that another order gives other bits, but in the
 * kinds that promise none: there every sum is exact, so that any order gives the same. All numbers are exact
 * in bf16. */
#include "stress.h"

#include <errno.h>
#include <limits.h>
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
    ROWS = 8192 / 16 + 1,
    COLUMNS = 16, // all rows have the same numbers
    SIZE = ROWS * COLUMNS
};

static int init_floats(qsc_gradbuf *buffers)
{
    return qsc_gradbuf_init(buffers, SIZE, SHARDS);
}

static int init_bf16(qsc_gradbuf *buffers)
{
    return qsc_gradbuf_init_bf16(buffers, SIZE, SHARDS);
}

static int init_rows(qsc_gradbuf *buffers)
{
    return qsc_gradbuf_init_rows(buffers, ROWS, COLUMNS, SHARDS, ROWS);
}

static int init_striped(qsc_gradbuf *buffers)
{
    return qsc_gradbuf_init_striped(buffers, SIZE);
}

static int init_atomic(qsc_gradbuf *buffers)
{
    return qsc_gradbuf_init_atomic(buffers, SIZE);
}

static const struct kind {
    const char *name;
    int (*init)(qsc_gradbuf *buffers);
    bool ordered, rows;
} kinds[] = {
    {"floats", init_floats, true, false},  {"bf16", init_bf16, true, false},
    {"rows", init_rows, true, true},       {"striped", init_striped, false, false},
    {"atomic", init_atomic, false, false},
};

static const struct kind *kind;
static char **chosen;

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
    float values[PRODUCERS][SIZE]; // what is added, where it cannot be written in place
};

static int length(int round)
{
    return 1 + (round * 7 + LONGEST - 1) % LONGEST;
}

static float number(int round, int index, int column)
{
    uint32_t x = (uint32_t)(round * LONGEST + index) * 2654435761U + (uint32_t)column * 40503U;
    x ^= x >> 15;
    if (!kind->ordered)
        return (float)(x % 255) - 127;
    float value = (float)(x % 1000003U) * (x & 1 ? 1e-3F : -1e1F);
    memcpy(&x, &value, sizeof x);
    x &= 0xffff0000U;
    memcpy(&value, &x, sizeof value);
    return value;
}

static bool touches(int index, int row)
{
    return !kind->rows || (row + index) % 4 != 0;
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

static void add(struct shared *shared, int index, const float *values, int begin, int end)
{
    int error = qsc_gradbuf_add(&shared->buffers, (uint32_t)index, (size_t)begin, values + begin,
                                (size_t)(end - begin));
    assert(error == 0);
}

static void add_all(struct shared *shared, int index, const float *values)
{
    for (int row = 0; kind->rows && row < ROWS; row++)
        if (touches(index, row))
            add(shared, index, values, row * COLUMNS, (row + 1) * COLUMNS);
    if (!kind->rows) {
        add(shared, index, values, SIZE / 3, SIZE);
        add(shared, index, values, 0, SIZE / 3);
    }
}

static void contribute(struct shared *shared, struct contribution *it, int producer)
{
    float *grad;
    int error = qsc_gradbuf_begin(&shared->buffers, (uint32_t)it->index, &grad);
    assert(error == 0);
    float *values = grad ? grad : shared->values[producer];
    for (int i = 0; i < COLUMNS; i++)
        values[i] = number(it->round, it->index, i);
    for (int row = 1; row < ROWS; row++)
        memcpy(values + row * COLUMNS, values, COLUMNS * sizeof *values);
    if (!grad)
        add_all(shared, it->index, values);
    if (it->index % 3 == 1)
        sched_yield();
    for (int i = 0; i < it->index; i++)
        if (!atomic_load_explicit(&shared->by_index[it->round][i]->committed, memory_order_relaxed)) {
            shared->out_of_order[producer]++;
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
        contribute(shared, it, producer);
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

static void check_row(const float *sum, int round, int row, bool touched)
{
    float expected[COLUMNS];
    bool any = false;
    for (int index = 0; index < length(round); index++)
        if (touches(index, row)) {
            for (int i = 0; i < COLUMNS; i++)
                expected[i] = any ? expected[i] + number(round, index, i) : number(round, index, i);
            any = true;
        }
    assert(touched == any);
    assert(!any || memcmp(sum + row * COLUMNS, expected, sizeof expected) == 0);
}

static void check(struct shared *shared, const float *sum, int round)
{
    bool touched[ROWS];
    memset(touched, !kind->rows, sizeof touched);
    const uint32_t *rows;
    size_t count = kind->rows ? qsc_gradbuf_touched(&shared->buffers, &rows) : 0;
    for (size_t i = 0; i < count; i++) {
        assert(!touched[rows[i]]);
        touched[rows[i]] = true;
    }
    for (int row = 0; row < ROWS; row++)
        if (row < 4)
            check_row(sum, round, row, touched[row]);
        else // as the row with which it is left out
            assert(touched[row] == touched[row % 4] &&
                   (!touched[row] ||
                    memcmp(sum + row * COLUMNS, sum + row % 4 * COLUMNS, COLUMNS * sizeof *sum) == 0));
}

static void reduce(struct shared *shared)
{
    for (int round = 0; round < ROUNDS; round++) {
        float *sum;
        int error;
        while ((error = round % 3 ? qsc_gradbuf_wait(&shared->buffers, &sum)
                                  : qsc_gradbuf_trywait(&shared->buffers, &sum)) == EAGAIN)
            sched_yield();
        assert(error == 0);
        check(shared, sum, round);
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

static long use(void)
{
    struct shared *shared = aligned_alloc(64, (sizeof *shared + 63) & ~(size_t)63);
    assert(shared);
    memset(shared, 0, sizeof *shared);
    plan(shared);
    int error = kind->init(&shared->buffers);
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

// Returns the meetings of the kind that had the fewest.
static long batch(void)
{
    long fewest = LONG_MAX;
    for (kind = kinds; kind < kinds + sizeof kinds / sizeof *kinds; kind++)
        if (stress_is_chosen(chosen, kind->name)) {
            long met = use();
            fewest = met < fewest ? met : fewest;
        }
    return fewest;
}

int main(int argc, char **argv)
{
    (void)argc;
    chosen = argv + 1;
    return stress_repeat("contributions out of order, and rounds filled while another is read", batch, 25);
}
