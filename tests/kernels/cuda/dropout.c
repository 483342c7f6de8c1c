#include "support.h"

#include <quiesce/kernels/cuda/dropout.h>

TestSuite(cuda_dropout, .init = set_up, .fini = tear_down);

// To the bit: a network drops the same elements on either device.
Test(cuda_dropout, multiplies_by_the_factors_of_the_cpu)
{
    static const struct {
        uint64_t first;
        size_t n;
    } ranges[] = {{0, 1}, {0, 128}, {0, 1000}, {127, 2}, {37, 4999}, {((uint64_t)1 << 40) - 30, 700}, {5, 0}};
    static const float probabilities[] = {0, 0.1f, 0.5f, 0.9f};
    for (size_t p = 0; p < 4; p++) {
        const struct qsc_dropout dropout = {.key = {.seed = 0x123456789abcdef, .step = 7, .site = 3},
                                            .probability = probabilities[p]};
        for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
            size_t n = ranges[i].n;
            float *x = numbers(n, 1, i), *want = zeros(n), *d = up(x, n);
            qsc_dropout_mask(want, &dropout, ranges[i].first, (int)n);
            for (size_t j = 0; j < n; j++)
                want[j] *= x[j];
            cr_assert_eq(qsc_cuda_dropout(d, &dropout, ranges[i].first, n, own.stream), 0);
            cr_assert_same_bits(d, want, n);
        }
    }
}
