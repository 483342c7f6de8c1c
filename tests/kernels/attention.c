#include "numbers.h"

#include <criterion/criterion.h>
#include <quiesce/kernels/attention.h>
#include <quiesce/kernels/random.h>

#include <stdbool.h>
#include <string.h>

// Lengths around the widths of vectors, rows of four and blocks of queries.
static const int32_t starts[] = {0, 1, 6, 22, 39, 71, 104, 171};
enum { S = 7, T = 171, LONGEST = 67, ROW = 80 };
static const struct qsc_dropout dropout = {.key = {.seed = 7, .step = 1, .site = 4}, .probability = 0.2f};

static int element(int query, int head, int key, int heads)
{
    return ((query / 8 * heads + head) * ROW / 16 + key / 16) * 128 + query % 8 * 16 + key % 16;
}

// Probabilities of one head, after dropout, and its output, in doubles.
static void reference_head(double *out, double *p, const double *qkv, const float *mask, int head, int heads,
                           int size, int begin, int length)
{
    int hidden = heads * size;
    for (int i = 0; i < length; i++) {
        double sum = 0;
        const double *q = qkv + (begin + i) * 3 * hidden + head * size;
        for (int j = 0; j < length; j++) {
            const double *k = qkv + (begin + j) * 3 * hidden + hidden + head * size;
            double dot = 0;
            for (int c = 0; c < size; c++)
                dot += q[c] * k[c];
            sum += p[j] = exp(dot / sqrt(size));
        }
        for (int c = 0; c < size; c++)
            out[(begin + i) * hidden + head * size + c] = 0;
        for (int j = 0; j < length; j++) {
            const double *v = qkv + (begin + j) * 3 * hidden + 2 * hidden + head * size;
            double m = mask ? (double)mask[element(begin + i, head, j, heads)] : 1;
            for (int c = 0; c < size; c++)
                out[(begin + i) * hidden + head * size + c] += p[j] / sum * m * v[c];
        }
    }
}

static void reference(double *out, const double *qkv, const float *mask, int heads, int size,
                      const int32_t *cu, int sequences)
{
    double p[LONGEST];
    for (int s = 0; s < sequences; s++) {
        for (int head = 0; head < heads; head++)
            reference_head(out, p, qkv, mask, head, heads, size, cu[s], cu[s + 1] - cu[s]);
    }
}

static void check(int heads, int size, bool drop)
{
    size_t hidden = (size_t)(heads * size);
    float *qkv = random_floats(T * 3 * hidden, 2, 1), *out = random_floats(T * hidden, 1, 2),
          *lse = random_floats((size_t)(T * heads), 1, 3);
    float *scratch = random_floats(qsc_attention_scratch_floats(LONGEST, size), 1, 4);
    float *dout = random_floats(T * hidden, 1, 5), *dqkv = random_floats(T * 3 * hidden, 1, 6), *mask = NULL;
    double *x = malloc(T * 3 * hidden * sizeof *x), *want = malloc(T * hidden * sizeof *want);
    struct qsc_attention a = {.heads = heads,
                              .head_size = size,
                              .dropout = drop ? &dropout : NULL,
                              .first_token = 1000,
                              .row = ROW};
    if (drop) {
        int elements = (T + 7) / 8 * 8 * heads * ROW;
        mask = malloc((size_t)elements * sizeof *mask);
        qsc_dropout_mask(mask, &dropout, 1000 * (uint64_t)heads * ROW, elements);
    }
    for (size_t i = 0; i < T * 3 * hidden; i++)
        x[i] = (double)qkv[i];
    reference(want, x, mask, heads, size, starts, S);
    qsc_attention_forward(out, lse, qkv, starts, S, &a, scratch);
    cr_assert_lt(difference(out, want, T * hidden), 2e-6, "forward, %d heads of %d: %g", heads, size,
                 difference(out, want, T * hidden));

    qsc_attention_backward(dqkv, dout, out, lse, qkv, starts, S, &a, scratch);
    double worst = 0;
    for (int s = 0; s < S; s++) { // central differences, of a few elements in each sequence
        for (int trial = 0; trial < 15; trial++) {
            size_t length = (size_t)(starts[s + 1] - starts[s]);
            size_t at = (size_t)starts[s] * 3 * hidden + (size_t)(trial * 7919 + 13) % (length * 3 * hidden);
            double loss[2], was = x[at], h = 1e-5;
            for (int side = 0; side < 2; side++) {
                x[at] = was + (side ? h : -h);
                reference(want, x, mask, heads, size, starts + s, 1);
                loss[side] = 0;
                for (size_t i = (size_t)starts[s] * hidden; i < (size_t)starts[s + 1] * hidden; i++)
                    loss[side] += want[i] * (double)dout[i];
            }
            x[at] = was;
            worst = fmax(worst, fabs((loss[1] - loss[0]) / (2 * h) - (double)dqkv[at]));
        }
    }
    cr_assert_lt(worst, 1e-5, "backward, %d heads of %d: %g", heads, size, worst);
    void *all[] = {qkv, out, lse, scratch, dout, dqkv, mask, x, want};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

Test(attention, equals_the_definition_and_its_finite_differences)
{
    static const int shapes[][2] = {{2, 32}, {1, 64}, {3, 12}, {2, 20}, {1, 1}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        check(shapes[i][0], shapes[i][1], false);
        check(shapes[i][0], shapes[i][1], true);
    }
}

Test(attention, a_sequence_depends_on_itself_alone)
{
    enum { HEADS = 3, SIZE = 12, H = HEADS * SIZE };
    float *qkv = random_floats(T * 3 * H, 2, 1), *out = random_floats(T * H, 1, 2),
          *alone = random_floats(T * H, 1, 3);
    float *lse = random_floats(T * HEADS, 1, 4), *dout = random_floats(T * H, 1, 5),
          *dqkv = random_floats(T * 3 * H, 1, 6), *dalone = random_floats(T * 3 * H, 1, 7);
    float *scratch = random_floats(qsc_attention_scratch_floats(LONGEST, SIZE), 1, 8);
    struct qsc_attention a = {
        .heads = HEADS, .head_size = SIZE, .dropout = &dropout, .first_token = 50, .row = ROW};
    qsc_attention_forward(out, lse, qkv, starts, S, &a, scratch);
    qsc_attention_backward(dqkv, dout, out, lse, qkv, starts, S, &a, scratch);
    for (int s = S - 1; s >= 0; s--) {
        int32_t own[] = {0, starts[s + 1] - starts[s]};
        size_t begin = (size_t)starts[s], n = (size_t)own[1];
        a.first_token = 50 + begin;
        qsc_attention_forward(alone, lse, qkv + begin * 3 * H, own, 1, &a, scratch);
        cr_assert_eq(memcmp(alone, out + begin * H, n * H * sizeof(float)), 0, "forward, sequence %d", s);
        qsc_attention_backward(dalone, dout + begin * H, alone, lse, qkv + begin * 3 * H, own, 1, &a,
                               scratch);
        cr_assert_eq(memcmp(dalone, dqkv + begin * 3 * H, n * 3 * H * sizeof(float)), 0,
                     "backward, sequence %d", s);
    }
    void *all[] = {qkv, out, alone, lse, dout, dqkv, dalone, scratch};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

// Scores so far apart that a softmax without its maximum would overflow, and all below zero beside the
// padding's zeros.
Test(attention, survives_large_scores)
{
    enum { SIZE = 4 };
    float qkv[2 * 3 * SIZE] = {100, 0, 0, 0, -100, 0, 0, 0, 1, 2, 3, 4,
                               100, 0, 0, 0, -101, 0, 0, 0, 5, 6, 7, 8},
                      out[2 * SIZE];
    float *scratch = random_floats(qsc_attention_scratch_floats(2, SIZE), 1, 1);
    int32_t cu[] = {0, 2};
    struct qsc_attention a = {.heads = 1, .head_size = SIZE, .row = 16};
    qsc_attention_forward(out, NULL, qkv, cu, 1, &a, scratch);
    for (int i = 0; i < SIZE; i++) // the scores are -5000 and -5050
        cr_assert_float_eq((double)out[i], i + 1, 1e-6);
    free(scratch);
}
