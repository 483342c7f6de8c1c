// One step of an optimiser over a range of the parameters. Elements do not depend on each other, so any split
// of the parameters into ranges gives the same bits.
#ifndef QUIESCE_KERNELS_OPTIMIZER_H
#define QUIESCE_KERNELS_OPTIMIZER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct qsc_adamw {
    double learning_rate, beta1, beta2, epsilon, weight_decay;
    uint64_t step;         // 1 for the first
    double gradient_scale; // every gradient is multiplied by it first: the clip factor, 1 = none
};

struct qsc_sgd {
    double learning_rate, momentum, weight_decay;
    double gradient_scale; // as above
};

/* Adam with decoupled weight decay (Loshchilov and Hutter, 2019), as torch.optim.AdamW computes it; m and v,
   the first and second moments, are 0 before the first step. Returns nothing. Never blocks, wait-free, no
   order given. Any thread, on ranges of its own. Shapes: (n). */
void qsc_adamw_step(float *params, float *m, float *v, const float *gradient, size_t n,
                    const struct qsc_adamw *adamw);

/* Stochastic gradient descent as torch.optim.SGD computes it (weight decay added to the gradient); velocity,
   0 before the first step, may be NULL where momentum is 0. Returns nothing. Never blocks, wait-free, no
   order given. Any thread, on ranges of its own. Shapes: (n). */
void qsc_sgd_step(float *params, float *velocity, const float *gradient, size_t n, const struct qsc_sgd *sgd);

/* Floats that one partial sum of squares covers. */
#define QSC_SQUARES_BLOCK 4096

/* sums[b] = the sum of squares of block b, in double; the last block may be short. Ranges that begin at
   multiples of the block, added up in the order of the blocks, give the same norm however they were split.
   Returns nothing. Never blocks, wait-free, no order given. Any thread, on buffers of its own. Shapes: sums
   (ceil(n / QSC_SQUARES_BLOCK)); x (n). */
void qsc_squares(double *sums, const float *x, size_t n);

#ifdef __cplusplus
}
#endif
#endif
