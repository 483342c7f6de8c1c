#include "fairness.h"

#include <stdlib.h>

double lab_jain(const uint64_t *counts, unsigned n)
{
    double sum = 0, squares = 0;
    for (unsigned i = 0; i < n; i++) {
        sum += (double)counts[i];
        squares += (double)counts[i] * (double)counts[i];
    }
    return squares > 0 ? sum * sum / (n * squares) : 1;
}

static int compare_counts(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

double lab_upper_half(uint64_t *counts, unsigned n)
{
    qsort(counts, n, sizeof *counts, compare_counts);
    double sum = 0, upper = 0;
    for (unsigned i = 0; i < n; i++) {
        sum += (double)counts[i];
        if (2 * i >= n)
            upper += (double)counts[i];
        else if (2 * i + 1 == n)
            upper += (double)counts[i] / 2;
    }
    return sum > 0 ? upper / sum : 0.5;
}

struct lab_jain_windows lab_jain_over(const struct lab_result *result, uint32_t milliseconds)
{
    struct lab_jain_windows over = {.worst = 1};
    uint64_t counts[LAB_THREADS_MAX];
    for (uint32_t first = 0; first + milliseconds <= result->windows; first += milliseconds) {
        uint64_t all = 0;
        for (unsigned i = 0; i < result->threads; i++) {
            counts[i] = 0;
            for (uint32_t w = first; w < first + milliseconds; w++)
                counts[i] += result->of[i].counts[w];
            all += counts[i];
        }
        if (all == 0) {
            over.idle++;
            continue;
        }
        double jain = lab_jain(counts, result->threads);
        over.mean += jain;
        over.worst = jain < over.worst ? jain : over.worst;
        over.windows++;
    }
    if (over.windows > 0)
        over.mean /= over.windows;
    return over;
}
