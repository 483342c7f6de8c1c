// One step of an optimiser on the device (../optimizer.h), the gradient clipped on the way: its norm is read
// where it was made, so the host does not wait for it.
#ifndef QUIESCE_KERNELS_CUDA_OPTIMIZER_H
#define QUIESCE_KERNELS_CUDA_OPTIMIZER_H

#include <quiesce/kernels/cuda/device.h>
#include <quiesce/kernels/optimizer.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The doubles of scratch that the norm of n floats needs. Never blocks, wait-free. Any thread. */
size_t qsc_cuda_norm_scratch_doubles(size_t n);

/* *norm = sqrt(the sum of squares of x), in double, added up in an order that n alone fixes.
   Returns 0, EIO. Never blocks. No order given. Any thread. Shapes, on the device: norm (1); x (n); scratch
   as above. */
int qsc_cuda_norm(double *norm, const float *x, size_t n, double *scratch, qsc_cuda_stream *stream)
    __attribute__((warn_unused_result));

/* A gradient whose norm is above `highest` is scaled down to it, as torch.nn.utils.clip_grad_norm_ does. */
struct qsc_cuda_clip {
    const double *norm; // on the device; NULL = no clipping
    double highest;
};

/* qsc_adamw_step, every gradient multiplied by adamw->gradient_scale and by what clip says. An element's bits
   do not depend on its place in the range. Returns 0, EIO. Never blocks. No order given. Any thread, on
   ranges of its own; adamw and clip are read during the call, neither NULL. Shapes, on the device: (n). */
int qsc_cuda_adamw_step(float *params, float *m, float *v, const float *gradient, size_t n,
                        const struct qsc_adamw *adamw, const struct qsc_cuda_clip *clip,
                        qsc_cuda_stream *stream) __attribute__((warn_unused_result));

/* qsc_sgd_step in the same way; velocity NULL where momentum is 0. */
int qsc_cuda_sgd_step(float *params, float *velocity, const float *gradient, size_t n,
                      const struct qsc_sgd *sgd, const struct qsc_cuda_clip *clip, qsc_cuda_stream *stream)
    __attribute__((warn_unused_result));

#ifdef __cplusplus
}
#endif
#endif
