// Sixteen floats at once, in gcc's and clang's vector extensions: one source, compiled for AVX-512, AVX2 and
// plain x86-64 (or any other processor).
#ifndef QUIESCE_KERNELS_CPU_VECTOR_H
#define QUIESCE_KERNELS_CPU_VECTOR_H

#include <quiesce/kernels/cpu/clones.h>

#include <stdint.h>

// Helpers take vectors by pointer: passed by value they would have another calling convention in each clone.
// Inlined, the pointers vanish.
#define QSC_INLINE static inline __attribute__((always_inline))

enum { QSC_LANES = 16 };
typedef float qsc_v16 __attribute__((vector_size(64)));
typedef int32_t qsc_v16i __attribute__((vector_size(64)));
typedef float qsc_v16_unaligned __attribute__((vector_size(64), aligned(4), may_alias));

#define QSC_V16_AT(p) (*(const qsc_v16_unaligned *)(p))

// The first n floats at p, zeros after them.
QSC_INLINE void qsc_v16_load(qsc_v16 *v, const float *p, int n)
{
    if (n >= QSC_LANES) {
        *v = QSC_V16_AT(p);
    } else {
        *v = (qsc_v16){0};
        for (int i = 0; i < n; i++)
            (*v)[i] = p[i];
    }
}

// The first n lanes to p.
QSC_INLINE void qsc_v16_store(float *p, const qsc_v16 *v, int n)
{
    if (n >= QSC_LANES) {
        *(qsc_v16_unaligned *)p = *v;
    } else {
        for (int i = 0; i < n; i++)
            p[i] = (*v)[i];
    }
}

QSC_INLINE void qsc_v16_select(qsc_v16 *v, const qsc_v16i *mask, const qsc_v16 *yes, const qsc_v16 *no)
{
    *v = (qsc_v16)(((qsc_v16i)*yes & *mask) | ((qsc_v16i)*no & ~*mask));
}

// Lanes n and above become `value`.
QSC_INLINE void qsc_v16_fill(qsc_v16 *v, int n, float value)
{
    const qsc_v16i lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    qsc_v16i kept = lane < n;
    qsc_v16 values = (qsc_v16){0} + value;
    qsc_v16_select(v, &kept, v, &values);
}

QSC_INLINE void qsc_v16_max(qsc_v16 *v, const qsc_v16 *x)
{
    qsc_v16i greater = *x > *v;
    qsc_v16_select(v, &greater, x, v);
}

// Sums and maxima across the lanes halve the vector each time, so that their order is fixed.
QSC_INLINE float qsc_v16_sum(const qsc_v16 *v)
{
    qsc_v16 s = *v;
    s += __builtin_shufflevector(s, s, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
    s += __builtin_shufflevector(s, s, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
    s += __builtin_shufflevector(s, s, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
    return s[0] + s[1];
}

QSC_INLINE float qsc_v16_highest(const qsc_v16 *v)
{
    qsc_v16 s = *v, t;
    t = __builtin_shufflevector(s, s, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
    qsc_v16_max(&s, &t);
    t = __builtin_shufflevector(s, s, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
    qsc_v16_max(&s, &t);
    t = __builtin_shufflevector(s, s, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
    qsc_v16_max(&s, &t);
    return s[0] > s[1] ? s[0] : s[1];
}

// e^x for x in [-87, 88], with a relative error below 2e-7; NaN stays NaN.
// x = n ln 2 + r with |r| <= ln 2 / 2; e^r by a polynomial of least relative error, 2^n by its bits.
QSC_INLINE void qsc_v16_exp_in_range(qsc_v16 *v)
{
    const float to_integer = 12582912.0f; // 1.5 * 2^23: adding it leaves the nearest integer in the low bits
    qsc_v16 x = *v;
    qsc_v16 shifted = x * 1.44269504f + to_integer;
    qsc_v16 n = shifted - to_integer;
    qsc_v16 r = x - n * 0.693145752f;
    r = r - n * 1.42860682e-6f;
    qsc_v16 p = r * 0.00138368379f + 0.00837482209f;
    p = p * r + 0.041668226f;
    p = p * r + 0.166664201f;
    p = p * r + 0.499999921f;
    p = p * r + 1.00000004f;
    p = p * r + 1.0f;
    qsc_v16i exponent = ((qsc_v16i)shifted - 0x4B400000 + 127) << 23;
    *v = p * (qsc_v16)exponent;
}

// e^x for any x: 0 below -87.7, e^88 above 88.
QSC_INLINE void qsc_v16_exp(qsc_v16 *v)
{
    const qsc_v16 low = (qsc_v16){0} - 88.02f, high = (qsc_v16){0} + 88.0f;
    qsc_v16i outside = *v < low;
    qsc_v16_select(v, &outside, &low, v);
    outside = *v > high;
    qsc_v16_select(v, &outside, &high, v);
    qsc_v16_exp_in_range(v);
}

#endif
