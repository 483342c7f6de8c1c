#include "failing.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>

static bool aligned(const void *memory, size_t align)
{
    return (uintptr_t)memory % align == 0;
}

Test(alloc, gives_aligned_memory)
{
    void *plain = qsc_alloc(24);
    cr_assert(plain && aligned(plain, _Alignof(max_align_t)));
    memset(plain, 1, 24);
    qsc_free(plain);
    for (size_t align = 1; align <= 4096; align *= 2) {
        unsigned char *memory = qsc_alloc_aligned(100, align);
        cr_assert(memory && aligned(memory, align), "alignment %zu", align);
        memset(memory, 1, 100);
        qsc_free(memory);
    }
}

Test(alloc, zeroes)
{
    static const unsigned char zero[4096];
    unsigned char *memory = qsc_alloc_zeroed(64, 64);
    cr_assert_not_null(memory);
    cr_assert_arr_eq(memory, zero, sizeof zero);
    qsc_free(memory);
}

Test(alloc, grows_and_keeps_what_was_there)
{
    unsigned char *memory = qsc_realloc(NULL, 8);
    cr_assert_not_null(memory);
    memcpy(memory, "quiesce", 8);
    memory = qsc_realloc(memory, 1 << 20);
    cr_assert_not_null(memory);
    cr_assert_str_eq((char *)memory, "quiesce");
    qsc_free(memory);
}

Test(alloc, null_means_failure_only)
{
    void *none[4] = {qsc_alloc(0), qsc_alloc_aligned(0, 64), qsc_alloc_zeroed(0, 8), qsc_realloc(NULL, 0)};
    for (int i = 0; i < 4; i++) {
        cr_assert_not_null(none[i]);
        qsc_free(none[i]);
    }
    qsc_free(NULL);
}

Test(alloc, sizes_that_overflow_fail)
{
    volatile size_t half = SIZE_MAX / 2; // volatile: the compiler would warn of the size
    cr_assert_null(qsc_alloc_zeroed(half, 4));
    cr_assert_null(qsc_alloc_aligned(SIZE_MAX - (half & 1), 4096));
}

Test(alloc, free_keeps_errno)
{
    void *memory = qsc_alloc(1 << 20);
    cr_assert_not_null(memory);
    errno = ENOTTY;
    qsc_free(memory);
    cr_assert_eq(errno, ENOTTY);
}

static void *one_of_each(int kind)
{
    switch (kind) {
    case 0:
        return qsc_alloc(16);
    case 1:
        return qsc_alloc_aligned(16, 64);
    case 2:
        return qsc_alloc_zeroed(2, 8);
    default:
        return qsc_realloc(NULL, 16);
    }
}

Test(alloc, every_function_goes_through_the_hook)
{
    for (int kind = 0; kind < 4; kind++) {
        failing_at(0);
        cr_assert_null(one_of_each(kind));
        cr_assert(failing_happened());
        void *memory = one_of_each(kind); // the next one succeeds
        cr_assert_not_null(memory);
        cr_assert_eq(failing_live(), 1);
        qsc_free(memory);
        cr_assert_eq(failing_live(), 0);
    }
    failing_off();
}

Test(alloc, a_realloc_that_fails_leaves_the_block)
{
    failing_at(1);
    char *memory = qsc_alloc(8);
    cr_assert_not_null(memory);
    memcpy(memory, "whole", 6);
    cr_assert_null(qsc_realloc(memory, 16));
    cr_assert_str_eq(memory, "whole");
    qsc_free(memory);
    cr_assert_eq(failing_live(), 0);
    failing_off();
}
