// dropout + residual + layer normalisation on the device, one pass over the rows (../layernorm.h).
#ifndef QUIESCE_KERNELS_CUDA_LAYERNORM_H
#define QUIESCE_KERNELS_CUDA_LAYERNORM_H

#include <quiesce/kernels/cuda/device.h>

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct qsc_dropout; // ../random.h

/* The widest row, so that it fits a block's shared memory. */
#define QSC_CUDA_LAYERNORM_MAX_HIDDEN 12288

/* s = dropout(x) + residual; normal = (s - mean(s)) / sqrt(var(s) + eps); out = gamma * normal + beta, row by
   row. Returns 0, EINVAL (hidden not in 1 ... QSC_CUDA_LAYERNORM_MAX_HIDDEN), EIO. Never blocks. No order
   given. Any thread. out, normal and x may be the same buffer. residual NULL = none; dropout NULL = none,
   else element = (first_row + row) * H + column; normal and rstd (what backward needs) NULL = not kept.
   dropout is read during the call. Shapes, on the device: out, normal, x, residual (R,H); rstd (R); gamma,
   beta (H). */
int qsc_cuda_layernorm_forward(float *out, float *normal, float *rstd, const float *x, const float *residual,
                               const struct qsc_dropout *dropout, uint64_t first_row, const float *gamma,
                               const float *beta, float eps, int rows, int hidden, qsc_cuda_stream *stream)
    __attribute__((warn_unused_result));

/* The floats of scratch that backward needs. Never blocks, wait-free. Any thread. */
size_t qsc_cuda_layernorm_scratch_floats(int rows, int hidden);

/* The gradients of the above for dout = dout_a + dout_b (dout_b NULL = none): dresidual = ds, dx =
   dropout(ds); dgamma, dbeta are overwritten, added up in an order that the shape alone fixes. Returns and
   may be called as forward; EINVAL also for more than QSC_CUDA_MAX_SUMMED_ROWS rows with dgamma. dx or
   dresidual may be dout_a or dout_b; dx NULL or dresidual NULL = not wanted; dgamma and dbeta NULL = not
   wanted. Shapes, on the device: dx, dresidual, dout_a, dout_b, normal (R,H); rstd (R); gamma, dgamma, dbeta
   (H); scratch as above, NULL without dgamma. */
int qsc_cuda_layernorm_backward(float *dx, float *dresidual, float *dgamma, float *dbeta, const float *dout_a,
                                const float *dout_b, const float *normal, const float *rstd,
                                const struct qsc_dropout *dropout, uint64_t first_row, const float *gamma,
                                int rows, int hidden, float *scratch, qsc_cuda_stream *stream)
    __attribute__((warn_unused_result));

#ifdef __cplusplus
}
#endif
#endif
