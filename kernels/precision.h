// The numbers that the matrix products are made of. Everything else, sums included, is f32 in each of them.
#ifndef QUIESCE_KERNELS_PRECISION_H
#define QUIESCE_KERNELS_PRECISION_H

#ifdef __cplusplus
extern "C" {
#endif

enum qsc_precision {
    QSC_F32,
    QSC_BF16, // both factors rounded to bfloat16, to nearest even
    QSC_INT8, // inference only: weights with one scale an output, activations with one a row
    QSC_PRECISIONS
};

/* "f32", "bf16", "int8", in the order above; NULL ends them. */
extern const char *const qsc_precision_names[QSC_PRECISIONS + 1];

#ifdef __cplusplus
}
#endif
#endif
