// Dropout alone, where no other kernel has it fused in.
#ifndef QUIESCE_KERNELS_CUDA_DROPOUT_H
#define QUIESCE_KERNELS_CUDA_DROPOUT_H

#include <quiesce/kernels/cuda/device.h>
#include <quiesce/kernels/random.h>

#ifdef __cplusplus
extern "C" {
#endif

/* x[i] *= the factor of element (first + i), as qsc_dropout_mask gives it, to the bit.
   Returns 0, EIO. Never blocks. No order given. Any thread; dropout is read during the call. Shapes, on the
   device: x (n). */
int qsc_cuda_dropout(float *x, const struct qsc_dropout *dropout, uint64_t first, size_t n,
                     qsc_cuda_stream *stream) __attribute__((warn_unused_result));

#ifdef __cplusplus
}
#endif
#endif
