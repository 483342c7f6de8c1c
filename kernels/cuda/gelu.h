// gelu(x + bias) and its gradient on the device (../gelu.h), in one pass each: what stands between the two
// products of a feed-forward block.
#ifndef QUIESCE_KERNELS_CUDA_GELU_H
#define QUIESCE_KERNELS_CUDA_GELU_H

#include <quiesce/kernels/cuda/device.h>

#ifdef __cplusplus
extern "C" {
#endif

/* sum = x + bias; out = gelu(sum), with an error below 3e-7 * max(|sum|, 1).
   Returns 0, EIO. Never blocks. No order given. Any thread. out or sum may be x; sum (what backward needs)
   NULL = not kept. Shapes, on the device: out, sum, x (R,C); bias (C). */
int qsc_cuda_bias_gelu_forward(float *out, float *sum, const float *x, const float *bias, int rows,
                               int columns, qsc_cuda_stream *stream) __attribute__((warn_unused_result));

/* The floats of scratch that backward needs. Never blocks, wait-free. Any thread. */
size_t qsc_cuda_bias_gelu_scratch_floats(int rows, int columns);

/* dx = dout * gelu'(sum); dbias = the sum of dx's rows, overwritten, in an order that the shape alone fixes.
   Returns 0, EINVAL (no columns, or more than QSC_CUDA_MAX_SUMMED_ROWS rows), EIO. Never blocks. No order
   given. Any thread. dx may be dout or sum. Shapes, on the device: dx, dout, sum (R,C); dbias (C); scratch as
   above. */
int qsc_cuda_bias_gelu_backward(float *dx, float *dbias, const float *dout, const float *sum, int rows,
                                int columns, float *scratch, qsc_cuda_stream *stream)
    __attribute__((warn_unused_result));

#ifdef __cplusplus
}
#endif
#endif
