/* bf16.h (internal): floats kept in 16 bits, the upper half of their 32: the same range, and 8 bits of
 * precision. Arithmetic is in floats. Loops that compilers vectorise. */
#ifndef QUIESCE_CONCURRENCY_BF16_H
#define QUIESCE_CONCURRENCY_BF16_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline float qsc_bf16_to_float(uint16_t bf16)
{
    uint32_t bits = (uint32_t)bf16 << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* To the nearest, ties to even; what is too large becomes infinite. A NaN stays one, quiet, with its sign. */
static inline uint16_t qsc_bf16_of_float(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t rounded = bits + 0x7fffU + (bits >> 16 & 1), quiet = bits | 0x400000U;
    return (uint16_t)((value == value ? rounded : quiet) >> 16);
}

static inline __attribute__((always_inline)) void
qsc_bf16_round_each(uint16_t *restrict to, const float *restrict from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] = qsc_bf16_of_float(from[i]);
}

/* Rounding takes longer than memory does: where the library is compiled for any x86-64, wider vectors than
 * its are worth a look at the processor. */
#ifdef __x86_64__
static inline __attribute__((target("avx2"))) void
qsc_bf16_round_avx2(uint16_t *restrict to, const float *restrict from, size_t count)
{
    qsc_bf16_round_each(to, from, count);
}
#endif

static inline void qsc_bf16_round(uint16_t *restrict to, const float *restrict from, size_t count)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx2")) {
        qsc_bf16_round_avx2(to, from, count);
        return;
    }
#endif
    qsc_bf16_round_each(to, from, count);
}

static inline void qsc_bf16_widen(float *restrict to, const uint16_t *restrict from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] = qsc_bf16_to_float(from[i]);
}

static inline void qsc_bf16_add(float *restrict to, const uint16_t *restrict from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] += qsc_bf16_to_float(from[i]);
}

#endif
