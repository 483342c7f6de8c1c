#include <quiesce/kernels/cpu/unit.h>

#include <quiesce/kernels/cpu/inline.h>
#include <quiesce/kernels/random.h>

#include <math.h>
#include <string.h>

// Philox is run for LANES counters side by side, and the stream is numbered so that what they give lies in
// order without a shuffle: word 16 j + i of a group is word j of the group's counter i. Halves likewise: half
// 32 j + i is the low half of that word, half 32 j + 16 + i the high one.
enum { LANES = 16, GROUP_WORDS = 4 * LANES, GROUP_HALVES = 2 * GROUP_WORDS };

// One group, word j of counter i at words[LANES * j + i]. Straight-line code for each lane: that is what
// compilers make vectors of.
QSC_INLINE void philox_lanes(uint32_t *restrict words, uint64_t first, uint32_t site, uint32_t step,
                             uint64_t seed)
{
    for (uint32_t i = 0; i < LANES; i++) {
        uint64_t block = first + i;
        uint32_t c0 = (uint32_t)block, c1 = (uint32_t)(block >> 32), c2 = site, c3 = step;
        uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
#pragma GCC unroll 10
        for (int round = 0; round < 10; round++) {
            uint64_t p0 = (uint64_t)0xD2511F53 * c0, p1 = (uint64_t)0xCD9E8D57 * c2;
            c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
            c1 = (uint32_t)p1;
            c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
            c3 = (uint32_t)p0;
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }
        words[i] = c0;
        words[LANES + i] = c1;
        words[2 * LANES + i] = c2;
        words[3 * LANES + i] = c3;
    }
}

void qsc_philox(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2])
{
    uint32_t words[GROUP_WORDS];
    philox_lanes(words, counter[0] | (uint64_t)counter[1] << 32, counter[2], counter[3],
                 key[0] | (uint64_t)key[1] << 32);
    for (size_t j = 0; j < 4; j++)
        out[j] = words[LANES * j];
}

void qsc_random_words(uint32_t *out, const struct qsc_random *key, uint64_t first, size_t n)
{
    while (n > 0) {
        uint32_t words[GROUP_WORDS];
        size_t skip = (size_t)(first % GROUP_WORDS);
        size_t count = GROUP_WORDS - skip < n ? GROUP_WORDS - skip : n;
        philox_lanes(words, first / GROUP_WORDS * LANES, key->site, key->step, key->seed);
        memcpy(out, words + skip, count * sizeof *out);
        out += count;
        first += count;
        n -= count;
    }
}

void qsc_random_normal(float *out, const struct qsc_random *key, uint64_t first, size_t n)
{
    const double turn = 6.283185307179586;
    for (size_t done = 0; done < n;) {
        uint32_t words[GROUP_WORDS]; // deviates 2 i and 2 i + 1 come from words 2 i and 2 i + 1
        uint64_t begin = (first + done) / 2 * 2;
        qsc_random_words(words, key, begin, GROUP_WORDS);
        for (size_t i = 0; i < GROUP_WORDS; i += 2) {
            double uniform =
                ((double)words[i] + 1.0) / 4294967296.0; // in (0, 1], so that its logarithm exists
            double radius = sqrt(-2.0 * log(uniform)), angle = turn * ((double)words[i + 1] / 4294967296.0);
            double pair[2] = {radius * cos(angle), radius * sin(angle)};
            for (size_t j = 0; j < 2; j++) {
                uint64_t element = begin + i + j;
                if (element >= first && element - first < n)
                    out[element - first] = (float)pair[j];
            }
        }
        done = (size_t)(begin + GROUP_WORDS - first);
    }
}

// The factors of one group of halves: kept where the half is at or above the threshold.
QSC_INLINE void mask_lanes(float *restrict mask, const struct qsc_dropout *dropout, uint64_t group,
                           uint32_t threshold, float kept)
{
    uint32_t words[GROUP_WORDS];
    philox_lanes(words, group * LANES, dropout->key.site, dropout->key.step, dropout->key.seed);
    for (int j = 0; j < 4; j++) {
        for (int i = 0; i < LANES; i++) {
            uint32_t word = words[LANES * j + i];
            mask[2 * LANES * j + i] = (word & 0xFFFF) >= threshold ? kept : 0.0f;
            mask[2 * LANES * j + LANES + i] = (word >> 16) >= threshold ? kept : 0.0f;
        }
    }
}

void qsc_dropout_mask(float *mask, const struct qsc_dropout *dropout, uint64_t first, int n)
{
    uint32_t threshold = (uint32_t)(dropout->probability * 65536.0f + 0.5f);
    float kept = 1.0f / (1.0f - dropout->probability);
    for (size_t left = (size_t)n; left > 0;) {
        uint64_t group = first / GROUP_HALVES;
        size_t skip = (size_t)(first % GROUP_HALVES);
        size_t count = GROUP_HALVES - skip < left ? GROUP_HALVES - skip : left;
        if (count == GROUP_HALVES) {
            mask_lanes(mask, dropout, group, threshold, kept);
        } else {
            float whole[GROUP_HALVES];
            mask_lanes(whole, dropout, group, threshold, kept);
            memcpy(mask, whole + skip, count * sizeof *mask);
        }
        mask += count;
        first += count;
        left -= count;
    }
}
