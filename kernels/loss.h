// Softmax over class scores, and cross-entropy against labels of which some rows have none.
#ifndef QUIESCE_KERNELS_LOSS_H
#define QUIESCE_KERNELS_LOSS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define QSC_NO_LABEL (-100) // PyTorch's ignore_index: the row counts neither in the loss nor in the gradient

/* probabilities = softmax(logits), row by row.
   Returns nothing. Never blocks, wait-free, no order given. Any thread, on buffers of its own; probabilities
   may be logits. Shapes: (R,C). */
void qsc_softmax(float *probabilities, const float *logits, int rows, int classes);

/* The sum over labelled rows of -log softmax(logits)[label], and dlogits = scale * its gradient (scale = 1 /
   labelled rows of the whole step gives the mean's). Returns that sum, not scaled. Never blocks, wait-free,
   no order given. Any thread, on buffers of its own; labels lie in [0, C) or are QSC_NO_LABEL. Shapes:
   dlogits (R,C), NULL = not wanted, may be logits; logits (R,C); labels (R). */
double qsc_cross_entropy(float *dlogits, const float *logits, const int32_t *labels, float scale, int rows,
                         int classes);

#ifdef __cplusplus
}
#endif
#endif
