// The sum of a matrix's rows on the device: a bias's gradient.
#ifndef QUIESCE_KERNELS_CUDA_SUM_ROWS_H
#define QUIESCE_KERNELS_CUDA_SUM_ROWS_H

#include <quiesce/kernels/cuda/device.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The floats of scratch that the sum of (rows, columns) needs. Never blocks, wait-free. Any thread. */
size_t qsc_cuda_sum_rows_scratch_floats(int rows, int columns);

/* sum = the rows added up, in an order that the shape alone fixes; zeros if there are none.
   Returns 0, EINVAL (no columns, or more than QSC_CUDA_MAX_SUMMED_ROWS rows), EIO. Never blocks. No order
   given. Any thread. Shapes, on the device: sum (C); x (R,C); scratch as above. */
int qsc_cuda_sum_rows(float *sum, const float *x, int rows, int columns, float *scratch,
                      qsc_cuda_stream *stream) __attribute__((warn_unused_result));

#ifdef __cplusplus
}
#endif
#endif
