#include "trace.h"

#include <errno.h>
#include <quiesce/concurrency/alloc.h>
#include <stdlib.h>
#include <string.h>

struct ask {
    uint64_t asked;
    uint32_t grant; /* whose */
};

/* One run of the merge: before[0 .. left) was granted before before[left .. all), both are in order of
 * asking. Whoever of the left is not yet merged when one of the right is has asked after it. */
static void merge(struct ask *into, const struct ask *from, uint32_t left, uint32_t all, uint32_t *overtaken)
{
    uint32_t l = 0, r = left;
    for (uint32_t i = 0; i < all; i++) {
        if (l < left && (r == all || from[l].asked <= from[r].asked)) {
            into[i] = from[l++];
        } else {
            overtaken[from[r].grant] += left - l;
            into[i] = from[r++];
        }
    }
}

static uint32_t at_most(uint32_t x, uint32_t bound)
{
    return x < bound ? x : bound;
}

/* Inversions of the order of asking against that of getting, counted by a merge sort: n log n. */
static void count_overtakes(struct ask *asks, struct ask *spare, uint32_t *overtaken, uint32_t n)
{
    for (uint32_t width = 1; width < n; width *= 2) {
        for (uint32_t first = 0; first < n; first += 2 * width)
            merge(spare + first, asks + first, at_most(width, n - first), at_most(2 * width, n - first),
                  overtaken);
        struct ask *merged = spare;
        spare = asks;
        asks = merged;
    }
}

static int compare_counts(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void summarise(struct lab_overtakes *overtakes, uint32_t *overtaken, uint32_t n)
{
    qsort(overtaken, n, sizeof *overtaken, compare_counts);
    double sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += overtaken[i];
    *overtakes =
        (struct lab_overtakes){sum / n, overtaken[(uint32_t)((n - 1) * 0.99 + 0.5)], overtaken[n - 1]};
}

int lab_trace_overtakes(struct lab_overtakes *overtakes, const struct lab_trace *trace)
{
    *overtakes = (struct lab_overtakes){0};
    const uint32_t n = trace->count + trace->waiting;
    if (n == 0)
        return 0;
    struct ask *asks = qsc_alloc_zeroed((size_t)n * 2, sizeof *asks);
    uint32_t *overtaken = qsc_alloc_zeroed(n, sizeof *overtaken);
    if (asks && overtaken) {
        for (uint32_t i = 0; i < n; i++)
            asks[i] = (struct ask){trace->grants[i].asked, i};
        count_overtakes(asks, asks + n, overtaken, n);
        summarise(overtakes, overtaken, n);
    }
    int error = asks && overtaken ? 0 : ENOMEM;
    qsc_free(overtaken);
    qsc_free(asks);
    return error;
}

void lab_trace_handovers(uint64_t *matrix, const struct lab_trace *trace, unsigned threads)
{
    memset(matrix, 0, (size_t)threads * threads * sizeof *matrix);
    for (uint32_t i = 1; i < trace->count; i++)
        matrix[trace->grants[i - 1].thread * threads + trace->grants[i].thread]++;
}

uint64_t lab_trace_held(uint64_t *held, const struct lab_trace *trace, unsigned threads)
{
    uint64_t idle = 0;
    memset(held, 0, threads * sizeof *held);
    for (uint32_t i = 0; i < trace->count; i++) {
        const struct lab_grant *grant = &trace->grants[i], *next = grant + 1;
        uint64_t until = i + 1 < trace->count && next->got < grant->left ? next->got : grant->left;
        held[grant->thread] += until > grant->got ? until - grant->got : 0;
        if (i + 1 < trace->count && next->got > grant->left)
            idle += next->got - grant->left;
    }
    return idle;
}

void lab_opportunity(uint64_t *held, unsigned threads, uint64_t idle)
{
    for (unsigned i = 0; i < threads; i++)
        held[i] += idle;
}
