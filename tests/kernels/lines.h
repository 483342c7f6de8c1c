// Memory as products want theirs.
#ifndef QUIESCE_TESTS_KERNELS_LINES_H
#define QUIESCE_TESTS_KERNELS_LINES_H

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

// At a multiple of 64 bytes, filled with ones, which are NaN to whom reads floats: nothing may be read
// unwritten.
static inline void *lines(size_t bytes)
{
    bytes = (bytes + 127) / 64 * 64;
    void *p = aligned_alloc(64, bytes);
    cr_assert_not_null(p);
    memset(p, 0xFF, bytes);
    return p;
}

#endif
