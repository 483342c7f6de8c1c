// Multi-head attention within packed sequences on the device, and its gradient (../attention.h): no padding,
// no T x T matrix in memory, one logarithm a row kept for backward.
#ifndef QUIESCE_KERNELS_CUDA_ATTENTION_H
#define QUIESCE_KERNELS_CUDA_ATTENTION_H

#include <quiesce/kernels/attention.h>
#include <quiesce/kernels/cuda/device.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The largest head, so that its tiles fit a block's shared memory. */
#define QSC_CUDA_ATTENTION_MAX_HEAD 128

/* out = softmax(Q K^T / sqrt(head_size)) V for each sequence and head. A sequence's bits depend on that
   sequence alone. Returns 0, EINVAL (head_size not in 1 ... QSC_CUDA_ATTENTION_MAX_HEAD), EIO. Never blocks.
   No order given. Any thread; a is read during the call. max_sequence: at least the longest sequence's
   tokens. Shapes, on the device: out (T,H); lse (T,heads) log of each row's sum of exponentials, NULL = not
   kept; qkv (T,3H): Q, K, V side by side, each (heads, head_size); cu_seqlens (S+1), from 0 to T. */
int qsc_cuda_attention_forward(float *out, float *lse, const float *qkv, const int32_t *cu_seqlens,
                               int sequences, int max_sequence, const struct qsc_attention *a,
                               qsc_cuda_stream *stream) __attribute__((warn_unused_result));

/* The gradient of the above: dqkv (T,3H), overwritten, from dout (T,H) and from out, lse and qkv of the
   forward call. No atomics: the same inputs give the same bits. Returns and may be called as forward. delta
   (T,heads): scratch. */
int qsc_cuda_attention_backward(float *dqkv, const float *dout, const float *out, const float *lse,
                                const float *qkv, const int32_t *cu_seqlens, int sequences, int max_sequence,
                                const struct qsc_attention *a, float *delta, qsc_cuda_stream *stream)
    __attribute__((warn_unused_result));

#ifdef __cplusplus
}
#endif
#endif
