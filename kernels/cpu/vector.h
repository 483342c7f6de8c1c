// As many floats at once as the vector unit holds (QSC_LANES: 16, 8 or 4), in gcc's and clang's vector
// extensions: one source, compiled for AVX-512, AVX2 and plain x86-64 (or any other processor).
#ifndef QUIESCE_KERNELS_CPU_VECTOR_H
#define QUIESCE_KERNELS_CPU_VECTOR_H

#include <quiesce/kernels/cpu/inline.h>
#include <quiesce/kernels/cpu/shuffle.h>

#include <stdint.h>

// Helpers take vectors by pointer, which inlining removes: a vector passed by value has a calling convention
// of its own in each unit, and compilers warn of it.
typedef float qsc_vector __attribute__((vector_size(4 * QSC_LANES)));
typedef int32_t qsc_vector_int __attribute__((vector_size(4 * QSC_LANES)));
typedef float qsc_vector_unaligned __attribute__((vector_size(4 * QSC_LANES), aligned(4), may_alias));

#define QSC_VECTOR_AT(p) (*(const qsc_vector_unaligned *)(p))

// The first n floats at p, zeros after them.
QSC_INLINE void qsc_vector_load(qsc_vector *v, const float *p, int n)
{
    if (n >= QSC_LANES) {
        *v = QSC_VECTOR_AT(p);
    } else {
        *v = (qsc_vector){0};
        for (int i = 0; i < n; i++)
            (*v)[i] = p[i];
    }
}

// The first n lanes to p.
QSC_INLINE void qsc_vector_store(float *p, const qsc_vector *v, int n)
{
    if (n >= QSC_LANES) {
        *(qsc_vector_unaligned *)p = *v;
    } else {
        for (int i = 0; i < n; i++)
            p[i] = (*v)[i];
    }
}

QSC_INLINE void qsc_vector_select(qsc_vector *v, const qsc_vector_int *mask, const qsc_vector *yes,
                                  const qsc_vector *no)
{
    *v = (qsc_vector)(((qsc_vector_int)*yes & *mask) | ((qsc_vector_int)*no & ~*mask));
}

// Lanes n and above become `value`.
QSC_INLINE void qsc_vector_fill(qsc_vector *v, int n, float value)
{
    qsc_vector_int lane;
    for (int i = 0; i < QSC_LANES; i++)
        lane[i] = i;
    qsc_vector_int kept = lane < n;
    qsc_vector values = (qsc_vector){0} + value;
    qsc_vector_select(v, &kept, v, &values);
}

QSC_INLINE void qsc_vector_max(qsc_vector *v, const qsc_vector *x)
{
    qsc_vector_int greater = *x > *v;
    qsc_vector_select(v, &greater, x, v);
}

// Sums and maxima across the lanes halve the vector each time, so that their order is fixed.
QSC_INLINE float qsc_vector_sum(const qsc_vector *v)
{
    qsc_vector s = *v;
#if QSC_LANES > 8
    s += QSC_SWAP8(s);
#endif
#if QSC_LANES > 4
    s += QSC_SWAP4(s);
#endif
    s += QSC_SWAP2(s);
    return s[0] + s[1];
}

QSC_INLINE float qsc_vector_highest(const qsc_vector *v)
{
    qsc_vector s = *v, t;
#if QSC_LANES > 8
    t = QSC_SWAP8(s);
    qsc_vector_max(&s, &t);
#endif
#if QSC_LANES > 4
    t = QSC_SWAP4(s);
    qsc_vector_max(&s, &t);
#endif
    t = QSC_SWAP2(s);
    qsc_vector_max(&s, &t);
    return s[0] > s[1] ? s[0] : s[1];
}

// e^x for x in [-87, 88], with a relative error below 2e-7; NaN stays NaN.
// x = n ln 2 + r with |r| <= ln 2 / 2; e^r by a polynomial of least relative error, 2^n by its bits.
QSC_INLINE void qsc_vector_exp_in_range(qsc_vector *v)
{
    const float to_integer = 12582912.0f; // 1.5 * 2^23: adding it leaves the nearest integer in the low bits
    qsc_vector x = *v;
    qsc_vector shifted = x * 1.44269504f + to_integer;
    qsc_vector n = shifted - to_integer;
    qsc_vector r = x - n * 0.693145752f;
    r = r - n * 1.42860682e-6f;
    qsc_vector p = r * 0.00138368379f + 0.00837482209f;
    p = p * r + 0.041668226f;
    p = p * r + 0.166664201f;
    p = p * r + 0.499999921f;
    p = p * r + 1.00000004f;
    p = p * r + 1.0f;
    qsc_vector_int exponent = ((qsc_vector_int)shifted - 0x4B400000 + 127) << 23;
    *v = p * (qsc_vector)exponent;
}

// e^x for any x: 0 below -87.7, e^88 above 88.
QSC_INLINE void qsc_vector_exp(qsc_vector *v)
{
    const qsc_vector low = (qsc_vector){0} - 88.02f, high = (qsc_vector){0} + 88.0f;
    qsc_vector_int outside = *v < low;
    qsc_vector_select(v, &outside, &low, v);
    outside = *v > high;
    qsc_vector_select(v, &outside, &high, v);
    qsc_vector_exp_in_range(v);
}

#endif
