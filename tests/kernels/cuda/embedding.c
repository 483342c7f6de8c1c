#include "support.h"

#include <quiesce/kernels/cuda/embedding.h>
#include <quiesce/kernels/embedding.h>

TestSuite(cuda_embedding, .init = set_up, .fini = tear_down);

// Sequences of 1, 0, 6, 200 and 93 tokens: words come again within a block's list of tokens and beyond it.
enum { V = 40, P = 210, Y = 3, H = 20, T = 300, S = 5 };
static const int32_t starts[S + 1] = {0, 1, 1, 7, 207, 300};

static void fill(int32_t *ids, int32_t *types)
{
    for (int t = 0; t < T; t++) {
        ids[t] = t % 3 ? t * 7919 % (V - 1) : 3; // a third of all is one word, and the last word is absent
        types[t] = t % 5 == 0;                   // the last type is absent
    }
}

Test(cuda_embedding, forward_has_the_bits_of_the_cpu)
{
    int32_t ids[T], types[T];
    float *word = numbers(V * H, 1, 1), *position = numbers(P * H, 1, 2), *type = numbers(Y * H, 1, 3),
          *want = zeros(T * H), *out = room_floats(T * H), *dword = up(word, V * H),
          *dposition = up(position, P * H), *dtype = up(type, Y * H);
    fill(ids, types);
    int32_t *dids = up_integers(ids, T), *dtypes = up_integers(types, T), *cu = up_integers(starts, S + 1);
    for (int with_types = 0; with_types < 2; with_types++) {
        qsc_embedding_forward(want, word, position, type, ids, with_types ? types : NULL, starts, S, H);
        cr_assert_eq(qsc_cuda_embedding_forward(out, dword, dposition, dtype, dids,
                                                with_types ? dtypes : NULL, cu, S, T, H, own.stream),
                     0);
        cr_assert_same_bits(out, want, T * H);
    }
    cr_assert_eq(
        qsc_cuda_embedding_forward(out, dword, dposition, dtype, dids, NULL, cu, 0, 0, H, own.stream), 0);
}

static void check_backward(int sequences, const int32_t *types)
{
    int32_t ids[T], kinds[T];
    int tokens = starts[sequences];
    float *dout = numbers(T * H, 1, 4), *word = zeros(V * H), *position = zeros(P * H), *type = zeros(Y * H),
          *dword = room_floats(V * H), *dposition = room_floats(P * H), *dtype = room_floats(Y * H),
          *d = up(dout, T * H), *scratch = room_floats(qsc_cuda_embedding_scratch_floats(tokens, H));
    fill(ids, kinds);
    int32_t *dids = up_integers(ids, T), *cu = up_integers(starts, S + 1),
            *dtypes = types ? up_integers(types, T) : NULL;
    qsc_embedding_backward(word, position, type, dout, ids, types, starts, sequences, H, V, P, Y);
    cr_assert_eq(qsc_cuda_embedding_backward(dword, dposition, dtype, d, dids, dtypes, cu, sequences, tokens,
                                             H, V, P, Y, scratch, own.stream),
                 0);
    cr_assert_same_bits(dword, word, V * H);
    cr_assert_same_bits(dposition, position, P * H);
    cr_assert_close(dtype, type, Y * H, 2e-6);
}

Test(cuda_embedding, backward_adds_up_in_the_order_of_the_tokens)
{
    int32_t ids[T], types[T];
    fill(ids, types);
    check_backward(S, types);
    check_backward(S, NULL);
    check_backward(1, NULL);
    check_backward(0, NULL);
}
