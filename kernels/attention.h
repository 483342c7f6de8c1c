// Multi-head scaled dot-product attention (Vaswani et al., 2017) within each of several packed sequences: no
// padding, no mask, and no T x T matrix kept. What is kept for backward is one logarithm a row, as in
// FlashAttention-2 (Dao, 2023); the probabilities are computed again from it.
#ifndef QUIESCE_KERNELS_ATTENTION_H
#define QUIESCE_KERNELS_ATTENTION_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct qsc_dropout; // random.h

// A dropped probability is numbered by its query (in the whole step), head and key (in its sequence): element
// ((query / 8 * heads + head) * row / 16 + key / 16) * 128 + query % 8 * 16 + key % 16, since 128 factors are
// what the generator makes at once.
struct qsc_attention {
    int heads, head_size;              // H = heads * head_size
    const struct qsc_dropout *dropout; // on the probabilities; NULL = none
    uint64_t first_token;              // in the whole step
    uint64_t row; // keys that have numbers: at least the longest sequence's, a multiple of 16
};

/* The floats of scratch that one call needs for sequences of at most max_sequence tokens.
   Never blocks, wait-free, no order given. Any thread. */
size_t qsc_attention_scratch_floats(int max_sequence, int head_size);

/* out = softmax(Q K^T / sqrt(head_size)) V for each sequence and head. A sequence's bits depend on that
   sequence alone. Returns nothing. Never blocks, wait-free, no order given. Any thread, on buffers of its
   own. Shapes: out (T,H); lse (T,heads) log of each row's sum of exponentials, NULL = not kept; qkv (T,3H):
   Q, K, V side by side, each (heads, head_size); cu_seqlens (S+1), from 0 to T; scratch as above. */
void qsc_attention_forward(float *out, float *lse, const float *qkv, const int32_t *cu_seqlens, int sequences,
                           const struct qsc_attention *a, float *scratch);

/* The gradient of the above: dqkv (T,3H), overwritten, from dout (T,H) and from out, lse and qkv of the
   forward call. Returns nothing. Never blocks, wait-free, no order given. Any thread, on buffers of its own.
 */
void qsc_attention_backward(float *dqkv, const float *dout, const float *out, const float *lse,
                            const float *qkv, const int32_t *cu_seqlens, int sequences,
                            const struct qsc_attention *a, float *scratch);

#ifdef __cplusplus
}
#endif
#endif
