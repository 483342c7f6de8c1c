/* Numbers to draw lengths and orders with: xorshift64* (S. Vigna, "An experimental exploration of Marsaglia's
 * xorshift generators, scrambled", ACM TOMS 42(4), 2016). The state is not 0. */
#ifndef QUIESCE_LAB_RANDOM_H
#define QUIESCE_LAB_RANDOM_H

#include <stdint.h>

static inline uint32_t lab_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint32_t)((*state * 2685821657736338717u) >> 32);
}

/* One of 0 .. n - 1. */
static inline uint32_t lab_random_below(uint64_t *state, uint32_t n)
{
    return (uint32_t)((uint64_t)lab_random(state) * n >> 32);
}

#endif
