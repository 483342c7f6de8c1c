#include "numbers.h"

#include <criterion/criterion.h>
#include <quiesce/kernels/embedding.h>

#include <string.h>

enum { V = 9, P = 6, Y = 2, H = 20, T = 8, S = 3 };
static const int32_t ids[T] = {3, 3, 8, 0, 5, 3, 8, 1}, types[T] = {0, 1, 1, 0, 0, 1, 0, 0},
                     starts[S + 1] = {0, 1, 7, 8};
static const int32_t places[T] = {0, 0, 1, 2, 3, 4, 5, 0};

Test(embedding, forward_sums_three_rows)
{
    float *word = random_floats(V * H, 1, 1), *position = random_floats(P * H, 1, 2),
          *type = random_floats(Y * H, 1, 3), out[T * H];
    for (int with_types = 0; with_types < 2; with_types++) {
        qsc_embedding_forward(out, word, position, type, ids, with_types ? types : NULL, starts, S, H);
        for (int t = 0; t < T; t++) {
            for (int i = 0; i < H; i++) {
                float want = word[ids[t] * H + i] + position[places[t] * H + i] +
                             type[(with_types ? types[t] : 0) * H + i];
                cr_assert_eq(out[t * H + i], want);
            }
        }
    }
    free(word);
    free(position);
    free(type);
}

Test(embedding, backward_adds_up_what_each_row_received)
{
    float *dout = random_floats(T * H, 1, 4), *dword = random_floats(V * H, 1, 5),
          *dposition = random_floats(P * H, 1, 6), *dtype = random_floats(Y * H, 1, 7);
    double word[V * H] = {0}, position[P * H] = {0}, type[Y * H] = {0};
    for (int t = 0; t < T; t++) {
        for (int i = 0; i < H; i++) {
            word[ids[t] * H + i] += (double)dout[t * H + i];
            position[places[t] * H + i] += (double)dout[t * H + i];
            type[types[t] * H + i] += (double)dout[t * H + i];
        }
    }
    qsc_embedding_backward(dword, dposition, dtype, dout, ids, types, starts, S, H, V, P, Y);
    cr_assert_lt(difference(dword, word, V * H), 1e-6);
    cr_assert_lt(difference(dposition, position, P * H), 1e-6);
    cr_assert_lt(difference(dtype, type, Y * H), 1e-6);

    // with one row for each distinct word: the same sums, to the bit
    const int32_t rows[T] = {0, 0, 1, 2, 3, 0, 1, 4}, words[] = {3, 8, 0, 5, 1};
    float *compact = random_floats(5 * H, 1, 8);
    qsc_embedding_backward(compact, dposition, dtype, dout, rows, types, starts, S, H, 5, P, Y);
    for (int r = 0; r < 5; r++)
        cr_assert_eq(memcmp(compact + r * H, dword + words[r] * H, H * sizeof(float)), 0);
    free(dout);
    free(dword);
    free(dposition);
    free(dtype);
    free(compact);
}
