#include "support.h"

#include <quiesce/kernels/attention.h>
#include <quiesce/kernels/cuda/attention.h>
#include <quiesce/kernels/random.h>

#include <errno.h>
#include <stdbool.h>

TestSuite(cuda_attention, .init = set_up, .fini = tear_down);

// Sequences of 1, 5, 0, 32, 33 and 70 tokens: around the tiles of 32, and over several.
static const int32_t starts[] = {0, 1, 6, 6, 38, 71, 141};
enum { S = 6, T = 141, LONGEST = 70, ROW = 80 };
static const struct qsc_dropout dropout = {.key = {.seed = 7, .step = 1, .site = 4}, .probability = 0.2f};

static struct qsc_attention attention(int heads, int size, bool drop)
{
    return (struct qsc_attention){.heads = heads,
                                  .head_size = size,
                                  .dropout = drop ? &dropout : NULL,
                                  .first_token = 1003,
                                  .row = ROW};
}

// Packed sequences, that of most tokens has `longest`, against the CPU.
static void check_sequences(const int32_t *begins, int sequences, int longest, const struct qsc_attention *a)
{
    size_t rows = (size_t)begins[sequences] * (size_t)a->heads, n = rows * (size_t)a->head_size;
    float *qkv = numbers(3 * n, 2, 1), *dout = numbers(n, 1, 2), *want = zeros(n), *want_lse = zeros(rows),
          *want_dqkv = zeros(3 * n), *scratch = zeros(qsc_attention_scratch_floats(longest, a->head_size));
    float *out = room_floats(n), *lse = room_floats(rows), *dqkv = room_floats(3 * n), *in = up(qkv, 3 * n),
          *dy = up(dout, n), *delta = room_floats(rows);
    int32_t *cu = up_integers(begins, (size_t)sequences + 1);
    qsc_attention_forward(want, want_lse, qkv, begins, sequences, a, scratch);
    qsc_attention_backward(want_dqkv, dout, want, want_lse, qkv, begins, sequences, a, scratch);
    cr_assert_eq(qsc_cuda_attention_forward(out, lse, in, cu, sequences, longest, a, own.stream), 0);
    cr_assert_close(out, want, n, 3e-6);
    cr_assert_close(lse, want_lse, rows, 3e-6);
    cr_assert_eq(
        qsc_cuda_attention_backward(dqkv, dy, out, lse, in, cu, sequences, longest, a, delta, own.stream), 0);
    cr_assert_close(dqkv, want_dqkv, 3 * n, 2e-5);
}

static void check(int heads, int size, bool drop)
{
    struct qsc_attention a = attention(heads, size, drop);
    check_sequences(starts, S, LONGEST, &a);
}

static void check_both(int heads, int size)
{
    check(heads, size, false);
    begin_anew();
    check(heads, size, true);
}

// Heads of the sizes that kernels are made for, and of others.
Test(cuda_attention, heads_of_32_equal_the_cpu)
{
    check_both(2, 32);
}

Test(cuda_attention, heads_of_64_equal_the_cpu)
{
    check_both(1, 64);
}

Test(cuda_attention, heads_of_128_equal_the_cpu)
{
    check_both(1, 128);
}

Test(cuda_attention, odd_heads_equal_the_cpu)
{
    static const int sizes[] = {1, 12, 33, 97};
    for (int i = 0; i < 4; i++) {
        check_both(i == 1 ? 3 : 1, sizes[i]);
        begin_anew();
    }
}

Test(cuda_attention, a_long_sequence_equals_the_cpu)
{
    const int32_t one[] = {0, 260};
    struct qsc_attention a = attention(1, 16, true);
    a.row = 272;
    check_sequences(one, 1, 260, &a);
}

// Each sequence alone, where its tokens begin elsewhere in a generator's group of queries.
Test(cuda_attention, a_sequence_depends_on_itself_alone)
{
    enum { HEADS = 2, SIZE = 12, H = HEADS * SIZE };
    struct qsc_attention a = attention(HEADS, SIZE, true);
    float *qkv = up(numbers(T * 3 * H, 2, 1), T * 3 * H), *dout = up(numbers(T * H, 1, 2), T * H),
          *out = room_floats(T * H), *lse = room_floats(T * HEADS), *dqkv = room_floats(T * 3 * H),
          *delta = room_floats(T * HEADS), *alone = room_floats(T * H), *dalone = room_floats(T * 3 * H);
    int32_t *cu = up_integers(starts, S + 1);
    cr_assert_eq(qsc_cuda_attention_forward(out, lse, qkv, cu, S, LONGEST, &a, own.stream), 0);
    cr_assert_eq(
        qsc_cuda_attention_backward(dqkv, dout, out, lse, qkv, cu, S, LONGEST, &a, delta, own.stream), 0);
    const float *all = down(out, T * H), *dall = down(dqkv, T * 3 * H);
    for (int s = 0; s < S; s++) {
        int32_t own_starts[] = {0, starts[s + 1] - starts[s]}, *one = up_integers(own_starts, 2);
        size_t begin = (size_t)starts[s], n = (size_t)own_starts[1];
        a.first_token = 1003 + begin;
        cr_assert_eq(qsc_cuda_attention_forward(alone, lse, qkv + begin * 3 * H, one, 1, own_starts[1], &a,
                                                own.stream),
                     0);
        cr_assert_same_bits(alone, all + begin * H, n * H);
        cr_assert_eq(qsc_cuda_attention_backward(dalone, dout + begin * H, alone, lse, qkv + begin * 3 * H,
                                                 one, 1, own_starts[1], &a, delta, own.stream),
                     0);
        cr_assert_same_bits(dalone, dall + begin * 3 * H, n * 3 * H);
    }
}

// As the CPU's test: a softmax without its maximum would overflow, and padding's zeros are above all scores;
// and backward, where the same holds for what lies beyond the last key.
Test(cuda_attention, survives_large_scores)
{
    enum { SIZE = 4, N = 2 * 3 * SIZE };
    const float qkv[N] = {100, 0, 0, 0, -100, 0, 0, 0, 1, 2, 3, 4, 100, 0, 0, 0, -101, 0, 0, 0, 5, 6, 7, 8};
    const int32_t two[] = {0, 2};
    struct qsc_attention a = {.heads = 1, .head_size = SIZE, .row = 16};
    float *dout = numbers(2 * SIZE, 1, 1), *in = up(qkv, N), *dy = up(dout, 2 * SIZE),
          *out = room_floats(2 * SIZE), *lse = room_floats(2), *dqkv = room_floats(N),
          *delta = room_floats(2);
    int32_t *cu = up_integers(two, 2);
    cr_assert_eq(qsc_cuda_attention_forward(out, lse, in, cu, 1, 2, &a, own.stream), 0);
    const float *got = down(out, 2 * SIZE);
    for (int i = 0; i < SIZE; i++)
        cr_assert_float_eq((double)got[i], i + 1, 1e-6);
    cr_assert_eq(qsc_cuda_attention_backward(dqkv, dy, out, lse, in, cu, 1, 2, &a, delta, own.stream), 0);
    got = down(dqkv, N);
    for (int i = 0; i < N; i++)
        cr_assert(isfinite(got[i]));
}

Test(cuda_attention, an_empty_batch_is_nothing_and_a_wide_head_is_refused)
{
    float *x = room_floats(1);
    int32_t none[] = {0}, *cu = up_integers(none, 1);
    struct qsc_attention a = {.heads = 2, .head_size = 32, .row = 16};
    cr_assert_eq(qsc_cuda_attention_forward(x, NULL, x, cu, 0, 0, &a, own.stream), 0);
    cr_assert_eq(qsc_cuda_attention_backward(x, x, x, x, x, cu, 0, 0, &a, x, own.stream), 0);
    cr_assert(isnan(*down(x, 1)));
    a.head_size = QSC_CUDA_ATTENTION_MAX_HEAD + 1;
    cr_assert_eq(qsc_cuda_attention_forward(x, NULL, x, cu, 1, 1, &a, own.stream), EINVAL);
    cr_assert_eq(qsc_cuda_attention_backward(x, x, x, x, x, cu, 1, 1, &a, x, own.stream), EINVAL);
}
