// Numbers to try kernels on, and what to compare them by.
#ifndef QUIESCE_TESTS_KERNELS_NUMBERS_H
#define QUIESCE_TESTS_KERNELS_NUMBERS_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

// Of a function that computes what a kernel should have: ThreadSanitizer would spend most of a test's time on
// watching its loops, which share nothing.
#define UNWATCHED __attribute__((no_sanitize("thread")))

// Uniform in (-1, 1), by xorshift64* (Vigna, 2014).
static inline double random_number(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (double)(int64_t)(*state * 2685821657736338717u) / 9223372036854775808.0;
}

static inline float *random_floats(size_t n, double size, uint64_t seed)
{
    float *x = malloc((n + 1) * sizeof *x);
    uint64_t state = seed * 2654435761u + 88172645463325252u;
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(size * random_number(&state));
    return x;
}

// The nearest number with a significand of 8 bits, the even one of two that are equally near, written without
// a look at the bits.
static inline double to_bf16(double x)
{
    int exponent;
    double significand = frexp(x, &exponent);
    return ldexp(nearbyint(ldexp(significand, 8)), exponent - 8);
}

// The largest |a - b| as a share of the largest |b|, or of 1 where all of b is smaller. NaN anywhere gives
// infinity.
static inline double difference(const float *a, const double *b, size_t n)
{
    double worst = 0, largest = 1;
    for (size_t i = 0; i < n; i++) {
        double d = fabs((double)a[i] - b[i]);
        if (!(d <= worst))
            worst = isnan(d) ? INFINITY : d;
        largest = fmax(largest, fabs(b[i]));
    }
    return worst / largest;
}

#endif
