/* Seeded numbers: SplitMix64 (Steele, Lea, Flood, 2014). */
#ifndef QSC_SHIM_CUDA_RANDOM_H
#define QSC_SHIM_CUDA_RANDOM_H

#include <cstddef>
#include <cstdint>

struct shim_random {
    uint64_t state;

    uint64_t next()
    {
        uint64_t z = state += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }

    /* Below a bound that is far below 2^32. */
    size_t below(size_t bound)
    {
        return static_cast<size_t>(((next() >> 32) * bound) >> 32);
    }
};

#endif
