#include <criterion/criterion.h>
#include <quiesce/kernels/random.h>

#include <math.h>
#include <string.h>

// Known answers of the generator's authors (Random123, kat_vectors, philox4x32 10).
Test(random, philox_gives_the_published_answers)
{
    static const struct {
        uint32_t counter[4], key[2], want[4];
    } known[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        uint32_t got[4];
        qsc_philox(got, known[i].counter, known[i].key);
        cr_assert_eq(memcmp(got, known[i].want, sizeof got), 0, "vector %zu", i);
    }
}

static const struct qsc_random key = {.seed = 0x123456789abcdef, .step = 7, .site = 3};

// The numbering that random.c promises, so that another implementation can give the same stream.
Test(random, words_are_philox_in_groups_of_sixteen_counters)
{
    uint32_t words[200];
    uint64_t first = ((uint64_t)1 << 40) - 30; // counters above 32 bits, and not at a group's begin
    qsc_random_words(words, &key, first, 200);
    for (size_t i = 0; i < 200; i++) {
        uint64_t word = first + i, block = word / 64 * 16 + word % 16;
        uint32_t counter[4] = {(uint32_t)block, (uint32_t)(block >> 32), key.site, key.step}, got[4];
        qsc_philox(got, counter, (const uint32_t[]){(uint32_t)key.seed, (uint32_t)(key.seed >> 32)});
        cr_assert_eq(words[i], got[word % 64 / 16], "word %zu", i);
    }
}

Test(random, dropout_draws_the_halves_of_those_words)
{
    const struct qsc_dropout dropout = {.key = key, .probability = 0.3f};
    enum { N = 1000 };
    float mask[N];
    uint32_t words[64];
    qsc_dropout_mask(mask, &dropout, 37, N);
    for (uint64_t i = 0; i < N; i++) {
        uint64_t half = 37 + i;
        qsc_random_words(words, &key, half / 128 * 64, 64);
        uint32_t word = words[half % 128 / 32 * 16 + half % 16];
        uint32_t draw = half % 32 < 16 ? word & 0xFFFF : word >> 16;
        cr_assert_eq(mask[i], draw >= 19661 ? 1 / (1 - 0.3f) : 0.0f, "element %zu", (size_t)i);
    }
}

Test(random, any_part_of_a_stream_can_be_made_by_itself)
{
    enum { N = 700 };
    const struct qsc_dropout dropout = {.key = key, .probability = 0.5f};
    uint32_t words[N], some_words[N];
    float normal[N], mask[N], some[N];
    qsc_random_words(words, &key, 0, N);
    qsc_random_normal(normal, &key, 0, N);
    qsc_dropout_mask(mask, &dropout, 0, N);
    for (size_t first = 0; first < N; first += 13) {
        for (size_t n = 0; first + n <= N; n = 2 * n + 1) {
            qsc_random_words(some_words, &key, first, n);
            cr_assert_eq(memcmp(some_words, words + first, n * sizeof *words), 0);
            qsc_random_normal(some, &key, first, n);
            cr_assert_eq(memcmp(some, normal + first, n * sizeof *some), 0);
            qsc_dropout_mask(some, &dropout, first, (int)n);
            cr_assert_eq(memcmp(some, mask + first, n * sizeof *some), 0);
        }
    }
}

Test(random, streams_differ_by_seed_step_and_site)
{
    const struct qsc_random others[] = {{key.seed + 1, key.step, key.site},
                                        {key.seed ^ (uint64_t)1 << 40, key.step, key.site},
                                        {key.seed, key.step + 1, key.site},
                                        {key.seed, key.step, key.site + 1}};
    uint32_t words[64], other[64];
    qsc_random_words(words, &key, 0, 64);
    for (int i = 0; i < 4; i++) {
        int equal = 0;
        qsc_random_words(other, &others[i], 0, 64);
        for (int j = 0; j < 64; j++)
            equal += words[j] == other[j];
        cr_assert_eq(equal, 0);
    }
}

// Bounds of five standard errors.
Test(random, normal_deviates_have_the_moments_of_a_normal)
{
    enum { N = 100000 };
    static float x[N];
    double moments[5] = {0};
    int within = 0;
    qsc_random_normal(x, &key, 1000000007, N);
    for (int i = 0; i < N; i++) {
        for (int p = 1; p <= 4; p++)
            moments[p] += pow((double)x[i], p) / N;
        within += fabsf(x[i]) < 1;
    }
    double error = 5 / sqrt(N);
    cr_assert(fabs(moments[1]) < error);
    cr_assert(fabs(moments[2] - 1) < error * sqrt(2));
    cr_assert(fabs(moments[3]) < error * sqrt(15));
    cr_assert(fabs(moments[4] - 3) < error * sqrt(96));
    cr_assert(fabs((double)within / N - 0.6826895) < error * 0.47);
}

Test(random, dropout_keeps_its_share_and_the_mean)
{
    enum { N = 200000 };
    static float mask[N];
    for (int p = 0; p < 10; p++) {
        const struct qsc_dropout dropout = {.key = key, .probability = (float)p / 10};
        double sum = 0, share = (double)p / 10;
        int dropped = 0;
        qsc_dropout_mask(mask, &dropout, 0, N);
        for (int i = 0; i < N; i++) {
            sum += (double)mask[i];
            dropped += mask[i] == 0;
        }
        double error = 5 * sqrt(share * (1 - share) / N) + 1e-5;
        cr_assert(fabs((double)dropped / N - share) < error, "p = %g: %d dropped", share, dropped);
        cr_assert(fabs(sum / N - 1) < error / (1 - share) + 1e-5);
    }
}
