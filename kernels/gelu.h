// The Gaussian error linear unit in its exact form (Hendrycks and Gimpel, 2016): x times the normal
// distribution function of x, not the tanh approximation.
#ifndef QUIESCE_KERNELS_GELU_H
#define QUIESCE_KERNELS_GELU_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* out[i] = x[i] * Phi(x[i]); error below 3e-7 * max(|x|, 1).
   Returns nothing. Never blocks, wait-free, no order given. Any thread, on buffers of its own; out may be x.
   Shapes: (n). */
void qsc_gelu_forward(float *out, const float *x, size_t n);

/* dx[i] = dout[i] * (Phi(x[i]) + x[i] * phi(x[i])).
   Returns nothing. Never blocks, wait-free, no order given. Any thread, on buffers of its own; dx may be dout
   or x. Shapes: (n). */
void qsc_gelu_backward(float *dx, const float *dout, const float *x, size_t n);

#ifdef __cplusplus
}
#endif
#endif
