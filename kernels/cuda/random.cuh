// Dropout's factors on the device: those of kernels/cpu/random.c, to the bit, under the same numbers.
#ifndef QUIESCE_KERNELS_CUDA_RANDOM_CUH
#define QUIESCE_KERNELS_CUDA_RANDOM_CUH

#include <quiesce/kernels/cuda/launch.h>
#include <quiesce/kernels/random.h>

#include <cstdint>

// Elements are numbered in groups of 128: what sixteen counters give, eight halves of words each.
constexpr int QSC_GROUP = 128, QSC_COUNTERS = 16, QSC_HALVES = 8;

// A qsc_dropout as kernels take it, by value.
struct qsc_device_dropout {
    uint64_t seed;
    uint32_t step, site;
    uint32_t threshold; // a half below it drops its element
    float kept;
};

inline qsc_device_dropout qsc_to_device(const qsc_dropout *dropout)
{
    if (!dropout) // threshold 0 drops nothing
        return {0, 0, 0, 0, 1.0f};
    return {dropout->key.seed, dropout->key.step, dropout->key.site,
            static_cast<uint32_t>(dropout->probability * 65536.0f + 0.5f),
            1.0f / (1.0f - dropout->probability)};
}

// The factors of the elements 16 j + counter of a group, j from 0 to 7: one run of Philox4x32-10.
__device__ inline void qsc_dropout_factors(float factors[QSC_HALVES], const qsc_device_dropout &d,
                                           uint64_t group, uint32_t counter)
{
    uint64_t block = group * QSC_COUNTERS + counter;
    uint32_t c0 = static_cast<uint32_t>(block), c1 = static_cast<uint32_t>(block >> 32), c2 = d.site,
             c3 = d.step;
    uint32_t k0 = static_cast<uint32_t>(d.seed), k1 = static_cast<uint32_t>(d.seed >> 32);
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = static_cast<uint64_t>(0xD2511F53) * c0, p1 = static_cast<uint64_t>(0xCD9E8D57) * c2;
        c0 = static_cast<uint32_t>(p1 >> 32) ^ c1 ^ k0;
        c1 = static_cast<uint32_t>(p1);
        c2 = static_cast<uint32_t>(p0 >> 32) ^ c3 ^ k1;
        c3 = static_cast<uint32_t>(p0);
        k0 += 0x9E3779B9;
        k1 += 0xBB67AE85;
    }
    const uint32_t words[] = {c0, c1, c2, c3};
    for (int j = 0; j < QSC_HALVES; j++) {
        uint32_t half = j % 2 ? words[j / 2] >> 16 : words[j / 2] & 0xFFFF;
        factors[j] = half >= d.threshold ? d.kept : 0.0f;
    }
}

#endif
