// Softmax over class scores, and cross-entropy, on the device (../loss.h): in doubles, as there.
#ifndef QUIESCE_KERNELS_CUDA_LOSS_H
#define QUIESCE_KERNELS_CUDA_LOSS_H

#include <quiesce/kernels/cuda/device.h>

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* probabilities = softmax(logits), row by row. Returns 0, EIO. Never blocks. No order given. Any thread.
   probabilities may be logits. Shapes, on the device: (R,C). */
int qsc_cuda_softmax(float *probabilities, const float *logits, int rows, int classes,
                     qsc_cuda_stream *stream) __attribute__((warn_unused_result));

/* *loss = the sum over labelled rows of -log softmax(logits)[label], not scaled, added up in an order that
   the number of rows alone fixes; dlogits = scale * its gradient. Returns 0, EIO. Never blocks. No order
   given. Any thread; labels lie in [0, C) or are QSC_NO_LABEL. Shapes, on the device: loss (1); dlogits
   (R,C), NULL = not wanted, may be logits; logits (R,C); labels (R). */
int qsc_cuda_cross_entropy(double *loss, float *dlogits, const float *logits, const int32_t *labels,
                           float scale, int rows, int classes, qsc_cuda_stream *stream)
    __attribute__((warn_unused_result));

#ifdef __cplusplus
}
#endif
#endif
