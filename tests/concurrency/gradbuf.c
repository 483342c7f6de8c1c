#include "failing.h"
#include "threads.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <quiesce/concurrency/bf16.h>
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

static qsc_cancel cancel;

static int open_with_token(void)
{
    return qsc_gradbuf_open_cancellable(&buffers, 2, NULL, &cancel);
}

static int begin_with_token(void)
{
    float *grad;
    return qsc_gradbuf_begin_cancellable(&buffers, 1, &grad, NULL, &cancel);
}

static int wait_with_token(void)
{
    float *sum;
    return qsc_gradbuf_wait_cancellable(&buffers, &sum, NULL, &cancel);
}

struct call {
    int (*wait)(void);
    int error;
};

static void *run_call(void *arg)
{
    struct call *call = arg;
    call->error = call->wait();
    return NULL;
}

Test(gradbuf, a_token_ends_each_wait_but_what_need_not_wait_goes_on)
{
    static int (*const waits[])(void) = {open_with_token, begin_with_token, wait_with_token};
    char text[200];
    make(10, 1);
    cr_assert_eq(qsc_gradbuf_open(&buffers, 2), 0);
    for (int i = 0; i < 3; i++) {
        struct call call = {waits[i], 0};
        cancel = (qsc_cancel)QSC_CANCEL_INIT;
        pthread_t thread = start(run_call, &call);
        AWAIT((qsc_gradbuf_dump(&buffers, text, sizeof text), strstr(text, " 1 waiting")));
        qsc_cancel_request(&cancel);
        pthread_join(thread, NULL);
        cr_assert_eq(call.error, ECANCELED, "wait %d", i);
        cr_assert_eq(waits[i](), ECANCELED, "wait %d", i);
        qsc_gradbuf_dump(&buffers, text, sizeof text);
        cr_assert_not_null(strstr(text, " 0 waiting"), "%s", text);
    }
    contribute(0, 0, 10);
    cr_assert_eq(begin_with_token(), 0);
    qsc_gradbuf_commit(&buffers, 1);
    cr_assert_eq(wait_with_token(), 0);
    qsc_gradbuf_release(&buffers);
    cr_assert_eq(open_with_token(), 0);
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

Test(gradbuf, bf16_rounds_to_nearest_even)
{
    for (uint32_t upper = 0; upper < 65536; upper++) {
        float value = qsc_bf16_to_float((uint16_t)upper), next = qsc_bf16_to_float((uint16_t)(upper + 1));
        if (isnan(value)) {
            cr_assert_eq(qsc_bf16_of_float(value), upper | 0x40, "a NaN stays one");
            continue;
        }
        cr_assert_eq(qsc_bf16_of_float(value), upper);
        uint32_t bits = upper << 16;
        float below, half, above;
        if (isinf(value) || isinf(next)) // nothing between them
            continue;
        memcpy(&below, &(uint32_t){bits + 0x7fff}, sizeof below);
        memcpy(&half, &(uint32_t){bits + 0x8000}, sizeof half);
        memcpy(&above, &(uint32_t){bits + 0x8001}, sizeof above);
        cr_assert_eq(qsc_bf16_of_float(below), upper);
        cr_assert_eq(qsc_bf16_of_float(half), upper + (upper & 1));
        cr_assert_eq(qsc_bf16_of_float(above), upper + 1);
    }
    float signalling, payload;
    memcpy(&signalling, &(uint32_t){0x7f800001}, sizeof signalling); // its upper half alone is infinity
    memcpy(&payload, &(uint32_t){0xffffffff}, sizeof payload);       // rounding up would make it 0
    cr_assert_eq(qsc_bf16_of_float(signalling), 0x7fc0);
    cr_assert_eq(qsc_bf16_of_float(payload), 0xffff);
    cr_assert_eq(qsc_bf16_of_float(3.4e38F), 0x7f80, "what is too large becomes infinite");
    cr_assert_eq(qsc_bf16_of_float(-3.4e38F), 0xff80);
}

// Adds the whole vector in three pieces, the last one first.
static void contribute_pieces(uint32_t index, const float *values, size_t size)
{
    float *grad = NULL;
    cr_assert_eq(qsc_gradbuf_begin(&buffers, index, &grad), 0);
    for (size_t piece = 3; piece-- > 0;) {
        size_t begin = piece * size / 3, end = (piece + 1) * size / 3;
        cr_assert_eq(qsc_gradbuf_add(&buffers, index, begin, values + begin, end - begin), 0);
    }
    qsc_gradbuf_commit(&buffers, index);
}

static int init_floats(void)
{
    return qsc_gradbuf_init(&buffers, LARGEST, 2);
}

static int init_bf16(void)
{
    return qsc_gradbuf_init_bf16(&buffers, LARGEST, 2);
}

static int init_rows(void)
{
    return qsc_gradbuf_init_rows(&buffers, LARGEST, 1, 2, LARGEST);
}

static int init_striped(void)
{
    return qsc_gradbuf_init_striped(&buffers, LARGEST);
}

static int init_atomic(void)
{
    return qsc_gradbuf_init_atomic(&buffers, LARGEST);
}

static int (*const inits[])(void) = {init_floats, init_bf16, init_rows, init_striped, init_atomic};
enum { KINDS = sizeof inits / sizeof *inits };

static void check_round_of_rounded(uint32_t round, uint32_t contributions)
{
    float *sum;
    cr_assert_eq(qsc_gradbuf_wait(&buffers, &sum), 0);
    for (size_t i = 0; i < LARGEST; i++) {
        float expected = qsc_bf16_to_float(qsc_bf16_of_float(number(round, 0, i % 64)));
        for (uint32_t index = 1; index < contributions; index++)
            expected += qsc_bf16_to_float(qsc_bf16_of_float(number(round, index, i % 64)));
        cr_assert_eq(memcmp(&sum[i], &expected, sizeof expected), 0);
    }
    qsc_gradbuf_release(&buffers);
}

Test(gradbuf, every_kind_sums_what_is_added_in_pieces)
{
    static float values[LARGEST];
    for (int kind = 0; kind < KINDS; kind++) {
        cr_assert_eq(inits[kind](), 0);
        for (uint32_t round = 1; round < 5; round++) { // in round 0 is a -0, which added to 0 is 0
            uint32_t contributions = round * 2 - 1;
            cr_assert_eq(qsc_gradbuf_open(&buffers, contributions), 0);
            for (uint32_t index = 0; index < contributions; index++) {
                float *sum;
                cr_assert_eq(qsc_gradbuf_trywait(&buffers, &sum), EAGAIN);
                fill(values, round, index, LARGEST);
                contribute_pieces(index, values, LARGEST);
            }
            if (inits[kind] == init_bf16)
                check_round_of_rounded(round, contributions);
            else
                check_round(round, contributions, LARGEST);
        }
        qsc_gradbuf_fini(&buffers);
    }
}

Test(gradbuf, every_kind_refuses_what_is_beyond_the_vector)
{
    for (int kind = 0; kind < KINDS; kind++) {
        float value = 1, *grad;
        cr_assert_eq(inits[kind](), 0);
        cr_assert_eq(qsc_gradbuf_open(&buffers, 1), 0);
        cr_assert_eq(qsc_gradbuf_begin(&buffers, 1, &grad), EINVAL);
        cr_assert_eq(qsc_gradbuf_begin(&buffers, 0, &grad), 0);
        cr_assert_eq(grad == NULL, kind != 0);
        cr_assert_eq(qsc_gradbuf_add(&buffers, 0, LARGEST, &value, 1), EINVAL);
        cr_assert_eq(qsc_gradbuf_add(&buffers, 0, SIZE_MAX, &value, 1), EINVAL);
        cr_assert_eq(qsc_gradbuf_add(&buffers, 0, 1, &value, SIZE_MAX), EINVAL);
        cr_assert_eq(qsc_gradbuf_add(&buffers, 0, LARGEST, &value, 0), 0);
        qsc_gradbuf_fini(&buffers);
    }
    cr_assert_eq(qsc_gradbuf_init_bf16(&buffers, 0, 1), EINVAL);
    cr_assert_eq(qsc_gradbuf_init_bf16(&buffers, 1, 0), EINVAL);
    cr_assert_eq(qsc_gradbuf_init_striped(&buffers, 0), EINVAL);
    cr_assert_eq(qsc_gradbuf_init_atomic(&buffers, 0), EINVAL);
    cr_assert_eq(qsc_gradbuf_init_rows(&buffers, 0, 1, 1, 1), EINVAL);
    cr_assert_eq(qsc_gradbuf_init_rows(&buffers, 2, 0, 1, 1), EINVAL);
    cr_assert_eq(qsc_gradbuf_init_rows(&buffers, 2, 1, 0, 1), EINVAL);
    cr_assert_eq(qsc_gradbuf_init_rows(&buffers, 2, 1, 1, 0), EINVAL);
    cr_assert_eq(qsc_gradbuf_init_rows(&buffers, 2, 1, 1, 3), EINVAL);
}

Test(gradbuf, abort_and_reset_are_those_of_every_kind)
{
    static float ones[LARGEST];
    for (size_t i = 0; i < LARGEST; i++)
        ones[i] = 1;
    for (int kind = 0; kind < KINDS; kind++) {
        float *grad, *sum;
        cr_assert_eq(inits[kind](), 0);
        cr_assert_eq(qsc_gradbuf_open(&buffers, 3), 0);
        contribute_pieces(0, ones, LARGEST);
        cr_assert_eq(qsc_gradbuf_begin(&buffers, 1, &grad), 0);
        qsc_gradbuf_abort(&buffers);
        qsc_gradbuf_commit(&buffers, 1);
        cr_assert_eq(qsc_gradbuf_begin(&buffers, 2, &grad), ECANCELED);
        cr_assert_eq(qsc_gradbuf_wait(&buffers, &sum), ECANCELED);
        qsc_gradbuf_reset(&buffers);
        cr_assert_eq(qsc_gradbuf_open(&buffers, 2), 0);
        contribute_pieces(0, ones, LARGEST);
        contribute_pieces(1, ones, LARGEST);
        cr_assert_eq(qsc_gradbuf_wait(&buffers, &sum), 0);
        for (size_t i = 0; i < LARGEST; i++)
            cr_assert_eq(sum[i], 2);
        qsc_gradbuf_release(&buffers);
        qsc_gradbuf_fini(&buffers);
    }
}

static void *add_ones(void *next)
{
    static float ones[LARGEST];
    uint32_t index;
    while ((index = atomic_fetch_add((atomic_uint *)next, 1)) < 12) {
        float *grad, values[] = {1, 1, 1};
        cr_assert_eq(qsc_gradbuf_begin(&buffers, index, &grad), 0);
        for (size_t i = 0; i < 900; i++) // many times where others are, and across the blocks' borders
            cr_assert_eq(qsc_gradbuf_add(&buffers, index, 8190 + i % 3, values, 3), 0);
        cr_assert_eq(qsc_gradbuf_add(&buffers, index, 0, ones, LARGEST), 0);
        qsc_gradbuf_commit(&buffers, index);
    }
    return NULL;
}

Test(gradbuf, unordered_kinds_lose_nothing)
{
    for (int kind = 3; kind < KINDS; kind++) {
        atomic_uint next = 0;
        float *sum;
        cr_assert_eq(inits[kind](), 0);
        cr_assert_eq(qsc_gradbuf_open(&buffers, 12), 0);
        pthread_t threads[4];
        for (int i = 0; i < 4; i++)
            threads[i] = start(add_ones, &next);
        cr_assert_eq(qsc_gradbuf_wait(&buffers, &sum), 0);
        for (int i = 0; i < 4; i++)
            pthread_join(threads[i], NULL);
        static const float expected[] = {0, 3600, 7200, 10800, 7200, 3600, 0};
        cr_assert_eq(memcmp(sum + 8189, expected, sizeof expected), 0);
        qsc_gradbuf_release(&buffers);
        qsc_gradbuf_fini(&buffers);
    }
}

static int touch(uint32_t index, uint32_t row, float value)
{
    float values[] = {value, -value, 2 * value};
    return qsc_gradbuf_add(&buffers, index, 3 * (size_t)row, values, 3);
}

static bool row_is(const float *sum, uint32_t row, float value)
{
    return sum[3 * row] == value && sum[3 * row + 1] == -value && sum[3 * row + 2] == 2 * value;
}

Test(gradbuf, rows_are_summed_where_they_are_touched)
{
    float *sum, *grad;
    const uint32_t *rows;
    cr_assert_eq(qsc_gradbuf_init_rows(&buffers, 1000, 3, 2, 3), 0);
    for (int round = 0; round < 4; round++) { // what one leaves in an accumulator is not in the next but one
        cr_assert_eq(qsc_gradbuf_open(&buffers, 3), 0);
        cr_assert_eq(qsc_gradbuf_begin(&buffers, 0, &grad), 0);
        cr_assert_eq(qsc_gradbuf_begin(&buffers, 1, &grad), 0);
        cr_assert_eq(touch(1, 999, 5), 0);
        cr_assert_eq(touch(1, 7, 6), 0);
        cr_assert_eq(touch(0, 7, 1), 0);
        cr_assert_eq(touch(0, 7, 2), 0, "again");
        cr_assert_eq(touch(0, 3, 4), 0);
        cr_assert_eq(touch(0, 500 + (uint32_t)round, 8), 0);
        cr_assert_eq(touch(0, 4, 16), ENOSPC, "a fourth row");
        cr_assert_eq(touch(0, 4, 16), ENOSPC);
        cr_assert_eq(touch(0, 3, 4), 0, "one that it has");
        qsc_gradbuf_commit(&buffers, 1);
        qsc_gradbuf_commit(&buffers, 0);
        cr_assert_eq(qsc_gradbuf_begin(&buffers, 2, &grad), 0);
        qsc_gradbuf_commit(&buffers, 2); // touches nothing
        cr_assert_eq(qsc_gradbuf_wait(&buffers, &sum), 0);
        for (int again = 0; again < 2; again++) {
            cr_assert_eq(qsc_gradbuf_touched(&buffers, &rows), 4);
            const uint32_t expected[] = {7, 3, 500 + (uint32_t)round, 999};
            cr_assert_eq(memcmp(rows, expected, sizeof expected), 0);
        }
        cr_assert(row_is(sum, 7, 9) && row_is(sum, 3, 8) && row_is(sum, 999, 5));
        cr_assert(row_is(sum, 500 + (uint32_t)round, 8));
        qsc_gradbuf_release(&buffers);
    }
    cr_assert_eq(qsc_gradbuf_open(&buffers, 1), 0);
    cr_assert_eq(qsc_gradbuf_begin(&buffers, 0, &grad), 0);
    float values[3] = {0};
    cr_assert_eq(qsc_gradbuf_add(&buffers, 0, 1, values, 3), EINVAL);
    cr_assert_eq(qsc_gradbuf_add(&buffers, 0, 3, values, 2), EINVAL);
    qsc_gradbuf_commit(&buffers, 0);
    cr_assert_eq(qsc_gradbuf_wait(&buffers, &sum), 0);
    cr_assert_eq(qsc_gradbuf_touched(&buffers, &rows), 0);
    qsc_gradbuf_fini(&buffers);
}

Test(gradbuf, rows_have_the_same_bits_and_order_whatever_the_order_of_arrival)
{
    uint32_t first_rows[6];
    float first_sum[6];
    cr_assert_eq(qsc_gradbuf_init_rows(&buffers, 6, 1, 4, 3), 0);
    for (uint32_t order = 0; order < 24; order++) {
        uint32_t left[4] = {0, 1, 2, 3}, code = order;
        cr_assert_eq(qsc_gradbuf_open(&buffers, 4), 0);
        for (uint32_t n = 4; n > 0; n--) {
            uint32_t k = code % n, index = left[k];
            code /= n;
            left[k] = left[n - 1];
            float *grad;
            cr_assert_eq(qsc_gradbuf_begin(&buffers, index, &grad), 0);
            for (uint32_t i = 0; i < 3; i++) {
                float value = number(3, index, i);
                cr_assert_eq(qsc_gradbuf_add(&buffers, index, (index + 3 * i) % 5, &value, 1), 0);
            }
            qsc_gradbuf_commit(&buffers, index);
        }
        float *sum;
        const uint32_t *rows;
        cr_assert_eq(qsc_gradbuf_wait(&buffers, &sum), 0);
        cr_assert_eq(qsc_gradbuf_touched(&buffers, &rows), 5);
        if (order == 0) {
            memcpy(first_rows, rows, 5 * sizeof *rows);
            memcpy(first_sum, sum, 5 * sizeof *sum);
        }
        cr_assert_eq(memcmp(first_rows, rows, 5 * sizeof *rows), 0);
        cr_assert_eq(memcmp(first_sum, sum, 5 * sizeof *sum), 0);
        qsc_gradbuf_release(&buffers);
    }
    qsc_gradbuf_fini(&buffers);
}

Test(gradbuf, survives_each_allocation_that_fails)
{
    for (int kind = 0; kind < KINDS; kind++)
        for (long k = 0; k == 0 || failing_happened(); k++) {
            failing_at(k);
            int error = inits[kind]();
            cr_assert_eq(error, failing_happened() ? ENOMEM : 0);
            if (!error)
                qsc_gradbuf_fini(&buffers);
            cr_assert_eq(failing_live(), 0);
        }
    failing_off();
    cr_assert_eq(qsc_gradbuf_init(&buffers, SIZE_MAX / 8, 3), ENOMEM);
    cr_assert_eq(qsc_gradbuf_init(&buffers, SIZE_MAX, 1), ENOMEM);
    cr_assert_eq(qsc_gradbuf_init_bf16(&buffers, SIZE_MAX, 1), ENOMEM);
    cr_assert_eq(qsc_gradbuf_init_striped(&buffers, SIZE_MAX), ENOMEM);
    cr_assert_eq(qsc_gradbuf_init_atomic(&buffers, SIZE_MAX / 2), ENOMEM);
    cr_assert_eq(qsc_gradbuf_init_rows(&buffers, UINT32_MAX, SIZE_MAX / 2, 1, 1), ENOMEM);
    cr_assert_eq(qsc_gradbuf_init_rows(&buffers, 4, SIZE_MAX / 4, 1, 4), ENOMEM);
}
