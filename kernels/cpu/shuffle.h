// The ways in which lanes change places, spelled out for each width of vector.
#ifndef QUIESCE_KERNELS_CPU_SHUFFLE_H
#define QUIESCE_KERNELS_CPU_SHUFFLE_H

// QSC_SWAP<n>(v): lane i gets lane i ^ n, for each n that is a power of two from 2 to half the lanes.
// QSC_INTERLEAVE_LOW(a, b): a[0], b[0], a[1], b[1], ... of the lower halves; _HIGH: of the upper ones.
#if QSC_LANES == 16
#define QSC_SWAP8(v) __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7)
#define QSC_SWAP4(v) __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11)
#define QSC_SWAP2(v) __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)
#define QSC_INTERLEAVE_LOW(a, b) \
    __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define QSC_INTERLEAVE_HIGH(a, b) \
    __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#elif QSC_LANES == 8
#define QSC_SWAP4(v) __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3)
#define QSC_SWAP2(v) __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5)
#define QSC_INTERLEAVE_LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define QSC_INTERLEAVE_HIGH(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#elif QSC_LANES == 4
#define QSC_SWAP2(v) __builtin_shufflevector(v, v, 2, 3, 0, 1)
#define QSC_INTERLEAVE_LOW(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define QSC_INTERLEAVE_HIGH(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#endif

#endif
