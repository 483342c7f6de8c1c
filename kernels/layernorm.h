// Layer normalisation (Ba, Kiros, Hinton, 2016) fused with what stands before it in a post-LN block: dropout
// and the residual sum.
#ifndef QUIESCE_KERNELS_LAYERNORM_H
#define QUIESCE_KERNELS_LAYERNORM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct qsc_dropout; // random.h

/* s = dropout(x) + residual; normal = (s - mean(s)) / sqrt(var(s) + eps); out = gamma * normal + beta, row by
   row. Returns nothing. Never blocks, wait-free, no order given. Any thread, on buffers of its own; out,
   normal and x may be the same buffer. residual NULL = none; dropout NULL = none, else element = (first_row +
   row) * H + column; normal and rstd (what backward needs) NULL = not kept. Shapes: out, normal, x, residual
   (R,H); rstd (R); gamma, beta (H). */
void qsc_layernorm_forward(float *out, float *normal, float *rstd, const float *x, const float *residual,
                           const struct qsc_dropout *dropout, uint64_t first_row, const float *gamma,
                           const float *beta, float eps, int rows, int hidden);

/* The gradients of the above for dout = dout_a + dout_b (dout_b NULL = none): dresidual = ds, dx =
   dropout(ds); dgamma, dbeta are overwritten. Returns nothing. Never blocks, wait-free, no order given. Any
   thread, on buffers of its own; dx or dresidual may be dout_a or dout_b; dx NULL or dresidual NULL = not
   wanted; dgamma and dbeta NULL = not wanted. Shapes: dx, dresidual, dout_a, dout_b, normal (R,H); rstd (R);
   gamma, dgamma, dbeta (H). */
void qsc_layernorm_backward(float *dx, float *dresidual, float *dgamma, float *dbeta, const float *dout_a,
                            const float *dout_b, const float *normal, const float *rstd,
                            const struct qsc_dropout *dropout, uint64_t first_row, const float *gamma,
                            int rows, int hidden);

#ifdef __cplusplus
}
#endif
#endif
