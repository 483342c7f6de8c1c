#include "failing.h"
#include "threads.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <quiesce/concurrency/gradbuf.h>
#include <stdint.h>
#include <string.h>

enum { LARGEST = 3 * 8192 + 5, MOST = 24 };

static qsc_gradbuf buffers;

// Numbers whose sum depends on the order in which they are added.
static float number(uint32_t round, uint32_t index, size_t element)
{
    uint32_t x = (round * 64 + index) * 2654435761U + (uint32_t)element * 40503U;
    x ^= x >> 15;
    float small = (float)(x % 1000003U) * 1e-3F;
    return x & 1 ? small : -small * 1e4F;
}

static void fill(float *grad, uint32_t round, uint32_t index, size_t size)
{
    for (size_t i = 0; i < size; i++)
        grad[i] = number(round, index, i % 64);
}

static bool is_sum(const float *sum, uint32_t round, uint32_t contributions, size_t size)
{
    float expected[64];
    for (size_t i = 0; i < 64; i++) {
        expected[i] = number(round, 0, i);
        for (uint32_t index = 1; index < contributions; index++)
            expected[i] += number(round, index, i);
    }
    for (size_t i = 0; i < size; i++)
        if (memcmp(&sum[i], &expected[i % 64], sizeof *sum) != 0)
            return false;
    return true;
}

static void contribute(uint32_t round, uint32_t index, size_t size)
{
    float *grad = NULL;
    cr_assert_eq(qsc_gradbuf_begin(&buffers, index, &grad), 0);
    cr_assert((uintptr_t)grad % 64 == 0);
    fill(grad, round, index, size);
    qsc_gradbuf_commit(&buffers, index);
}

static void make(size_t size, uint32_t shards)
{
    cr_assert_eq(qsc_gradbuf_init(&buffers, size, shards), 0);
}

static void check_round(uint32_t round, uint32_t contributions, size_t size)
{
    float *sum = NULL;
    cr_assert_eq(qsc_gradbuf_wait(&buffers, &sum), 0);
    cr_assert((uintptr_t)sum % 64 == 0);
    cr_assert(is_sum(sum, round, contributions, size));
    qsc_gradbuf_release(&buffers);
}

Test(gradbuf, sums_rounds_of_any_length_and_vectors_of_any_size)
{
    static const size_t sizes[] = {1, 15, 16, 8191, 8192, 8193, LARGEST};
    for (int s = 0; s < 7; s++) {
        make(sizes[s], 2);
        for (uint32_t round = 0; round < 5; round++) {
            uint32_t contributions = 1 + round * 3;
            cr_assert_eq(qsc_gradbuf_open(&buffers, contributions), 0);
            for (uint32_t index = 0; index < contributions; index++)
                contribute(round, index, sizes[s]);
            check_round(round, contributions, sizes[s]);
        }
        qsc_gradbuf_fini(&buffers);
    }
}

Test(gradbuf, every_order_of_arrival_gives_the_same_bits)
{
    make(100, 4);
    for (uint32_t order = 0; order < 24; order++) {
        uint32_t left[4] = {0, 1, 2, 3}, code = order;
        cr_assert_eq(qsc_gradbuf_open(&buffers, 4), 0);
        for (uint32_t n = 4; n > 0; n--) {
            uint32_t k = code % n;
            code /= n;
            contribute(7, left[k], 100);
            left[k] = left[n - 1];
        }
        check_round(7, 4, 100);
    }
    qsc_gradbuf_fini(&buffers);
}

Test(gradbuf, commits_in_another_order_than_begun)
{
    make(LARGEST, 3);
    float *grads[3];
    cr_assert_eq(qsc_gradbuf_open(&buffers, 3), 0);
    for (uint32_t i = 0; i < 3; i++) {
        cr_assert_eq(qsc_gradbuf_begin(&buffers, i, &grads[i]), 0);
        fill(grads[i], 1, i, LARGEST);
    }
    qsc_gradbuf_commit(&buffers, 2);
    qsc_gradbuf_commit(&buffers, 0);
    float *sum;
    cr_assert_eq(qsc_gradbuf_trywait(&buffers, &sum), EAGAIN);
    qsc_gradbuf_commit(&buffers, 1);
    check_round(1, 3, LARGEST);
    qsc_gradbuf_fini(&buffers);
}

Test(gradbuf, a_shard_is_free_when_its_last_contribution_is_added)
{
    make(10, 2);
    float *zero, *one, *grad;
    struct timespec soon = in_ms(20);
    cr_assert_eq(qsc_gradbuf_open(&buffers, 4), 0);
    cr_assert_eq(qsc_gradbuf_trybegin(&buffers, 1, &one), 0);
    cr_assert_eq(qsc_gradbuf_trybegin(&buffers, 3, &grad), EAGAIN);
    cr_assert_eq(qsc_gradbuf_trybegin(&buffers, 2, &grad), EAGAIN);
    fill(one, 0, 1, 10);
    qsc_gradbuf_commit(&buffers, 1);
    cr_assert_eq(qsc_gradbuf_begin_until(&buffers, 3, &grad, &soon), ETIMEDOUT, "index 1 waits for index 0");
    cr_assert_eq(qsc_gradbuf_begin(&buffers, 0, &zero), 0);
    fill(zero, 0, 0, 10);
    qsc_gradbuf_commit(&buffers, 0);
    contribute(0, 3, 10);
    contribute(0, 2, 10);
    check_round(0, 4, 10);
    qsc_gradbuf_fini(&buffers);
}

Test(gradbuf, refuses_what_makes_no_sense)
{
    float *grad;
    cr_assert_eq(qsc_gradbuf_init(&buffers, 0, 1), EINVAL);
    cr_assert_eq(qsc_gradbuf_init(&buffers, 1, 0), EINVAL);
    make(10, 2);
    cr_assert_eq(qsc_gradbuf_begin(&buffers, 0, &grad), EINVAL, "no round is open");
    cr_assert_eq(qsc_gradbuf_open(&buffers, 0), EINVAL);
    cr_assert_eq(qsc_gradbuf_tryopen(&buffers, 0), EINVAL);
    cr_assert_eq(qsc_gradbuf_open(&buffers, 2), 0);
    cr_assert_eq(qsc_gradbuf_begin(&buffers, 2, &grad), EINVAL);
    cr_assert_eq(qsc_gradbuf_trybegin(&buffers, 2, &grad), EINVAL);
    contribute(0, 0, 10);
    cr_assert_eq(qsc_gradbuf_begin(&buffers, 0, &grad), EINVAL, "it is in the sum");
    qsc_gradbuf_fini(&buffers);
}

Test(gradbuf, the_next_round_fills_while_one_is_read)
{
    make(1000, 2);
    float *first, *second;
    for (uint32_t round = 0; round < 2; round++) {
        cr_assert_eq(qsc_gradbuf_tryopen(&buffers, 3), 0);
        cr_assert_eq(qsc_gradbuf_tryopen(&buffers, 3), EAGAIN, "the round is not complete");
        for (uint32_t index = 0; index < 3; index++)
            contribute(round, index, 1000);
    }
    cr_assert_eq(qsc_gradbuf_tryopen(&buffers, 3), EAGAIN, "two rounds are not released");
    struct timespec soon = in_ms(10);
    cr_assert_eq(qsc_gradbuf_open_until(&buffers, 3, &soon), ETIMEDOUT);
    cr_assert_eq(qsc_gradbuf_wait(&buffers, &first), 0);
    cr_assert(is_sum(first, 0, 3, 1000));
    qsc_gradbuf_release(&buffers);
    cr_assert_eq(qsc_gradbuf_wait(&buffers, &second), 0);
    cr_assert_neq(first, second);
    cr_assert_eq(qsc_gradbuf_open(&buffers, 3), 0);
    for (uint32_t index = 0; index < 3; index++)
        contribute(2, index, 1000);
    cr_assert(is_sum(second, 1, 3, 1000));
    qsc_gradbuf_release(&buffers);
    check_round(2, 3, 1000);
    cr_assert_eq(qsc_gradbuf_trywait(&buffers, &first), EAGAIN);
    soon = in_ms(10);
    cr_assert_eq(qsc_gradbuf_wait_until(&buffers, &first, &soon), ETIMEDOUT);
    qsc_gradbuf_fini(&buffers);
}

struct crew {
    atomic_uint next;
    uint32_t round, contributions, shards, seed;
};

// Groups of `shards` indices in a random order: as far as the contract allows.
static uint32_t index_at(const struct crew *crew, uint32_t position)
{
    uint32_t first = position / crew->shards * crew->shards;
    uint32_t count = crew->contributions - first < crew->shards ? crew->contributions - first : crew->shards;
    uint32_t offset = position - first, turn = (crew->seed * 31 + first) % count;
    return first + (crew->seed % 2 ? (offset + turn) % count : count - 1 - (offset + turn) % count);
}

static void *produce(void *arg)
{
    struct crew *crew = arg;
    uint32_t position;
    while ((position = atomic_fetch_add(&crew->next, 1)) < crew->contributions) {
        if ((position + crew->seed) % 3 == 0)
            sched_yield();
        contribute(crew->round, index_at(crew, position), LARGEST);
    }
    return NULL;
}

Test(gradbuf, the_bits_do_not_depend_on_the_number_of_threads_or_their_order)
{
    for (int threads = 1; threads <= 8; threads *= 2) {
        make(LARGEST, (uint32_t)threads);
        for (uint32_t round = 0; round < 6; round++) {
            pthread_t crew_threads[8];
            struct crew crew = {.round = round,
                                .contributions = 5 + 3 * round,
                                .shards = (uint32_t)threads,
                                .seed = round * 7 + (uint32_t)threads};
            cr_assert_eq(qsc_gradbuf_open(&buffers, crew.contributions), 0);
            for (int i = 0; i < threads; i++)
                cr_assert_eq(pthread_create(&crew_threads[i], NULL, produce, &crew), 0);
            check_round(round, crew.contributions, LARGEST);
            for (int i = 0; i < threads; i++)
                pthread_join(crew_threads[i], NULL);
        }
        qsc_gradbuf_fini(&buffers);
    }
}

static void *begin_behind(void *error)
{
    float *grad;
    *(int *)error = qsc_gradbuf_begin(&buffers, 2, &grad);
    return NULL;
}

static void *wait_for_sum(void *error)
{
    float *sum;
    *(int *)error = qsc_gradbuf_wait(&buffers, &sum);
    return NULL;
}

static void *open_next(void *error)
{
    *(int *)error = qsc_gradbuf_open(&buffers, 1);
    return NULL;
}

Test(gradbuf, abort_ends_every_wait_and_reset_begins_anew)
{
    static void *(*const waits[3])(void *) = {begin_behind, wait_for_sum, open_next};
    pthread_t threads[3];
    int errors[3] = {-1, -1, -1};
    float *grad;
    make(10, 2);
    cr_assert_eq(qsc_gradbuf_open(&buffers, 3), 0);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, waits[i], &errors[i]), 0);
    cr_assert_eq(qsc_gradbuf_begin(&buffers, 1, &grad), 0);
    sleep_ms(20);
    qsc_gradbuf_abort(&buffers);
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
        cr_assert_eq(errors[i], ECANCELED);
    }
    qsc_gradbuf_commit(&buffers, 1);
    cr_assert_eq(qsc_gradbuf_begin(&buffers, 0, &grad), ECANCELED);
    cr_assert_eq(qsc_gradbuf_tryopen(&buffers, 1), ECANCELED);
    cr_assert_eq(qsc_gradbuf_trywait(&buffers, &grad), ECANCELED);

    qsc_gradbuf_reset(&buffers);
    for (uint32_t round = 0; round < 3; round++) {
        cr_assert_eq(qsc_gradbuf_open(&buffers, 3), 0);
        for (uint32_t index = 0; index < 3; index++)
            contribute(round, index, 10);
        check_round(round, 3, 10);
    }
    qsc_gradbuf_fini(&buffers);
}

Test(gradbuf, survives_each_allocation_that_fails)
{
    for (long k = 0; k == 0 || failing_happened(); k++) {
        failing_at(k);
        int error = qsc_gradbuf_init(&buffers, 1000, 3);
        cr_assert_eq(error, failing_happened() ? ENOMEM : 0);
        if (!error)
            qsc_gradbuf_fini(&buffers);
        cr_assert_eq(failing_live(), 0);
    }
    failing_off();
    cr_assert_eq(qsc_gradbuf_init(&buffers, SIZE_MAX / 8, 3), ENOMEM);
    cr_assert_eq(qsc_gradbuf_init(&buffers, SIZE_MAX, 1), ENOMEM);
}
