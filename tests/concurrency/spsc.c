#include "failing.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <quiesce/concurrency/spsc.h>
#include <stdint.h>

static qsc_spsc queue;

static void *item(uintptr_t number)
{
    return (void *)number; // NOLINT(performance-no-int-to-ptr)
}

Test(spsc, first_in_first_out_around_the_ring)
{
    static const size_t asked[] = {1, 2, 3, 8}, got[] = {1, 2, 4, 8};
    for (int i = 0; i < 4; i++) {
        cr_assert_eq(qsc_spsc_init(&queue, asked[i]), 0);
        uintptr_t in = 1, out = 1;
        void *popped = item(99);
        for (size_t lap = 0; lap < 50; lap++) {
            for (size_t n = lap % got[i] + 1; n > 0; n--)
                cr_assert_eq(qsc_spsc_trypush(&queue, item(in++)), 0);
            if (lap % got[i] + 1 == got[i])
                cr_assert_eq(qsc_spsc_trypush(&queue, item(in)), EAGAIN, "%zu hold %zu", asked[i], got[i]);
            while (out < in) {
                cr_assert_eq(qsc_spsc_trypop(&queue, &popped), 0);
                cr_assert_eq(popped, item(out++));
            }
            cr_assert_eq(qsc_spsc_trypop(&queue, &popped), EAGAIN);
            cr_assert_eq(popped, item(out - 1), "left as it was");
        }
        qsc_spsc_fini(&queue);
    }
}

Test(spsc, null_is_an_item)
{
    void *popped = item(1);
    cr_assert_eq(qsc_spsc_init(&queue, 1), 0);
    cr_assert_eq(qsc_spsc_trypush(&queue, NULL), 0);
    cr_assert_eq(qsc_spsc_trypop(&queue, &popped), 0);
    cr_assert_null(popped);
    qsc_spsc_fini(&queue);
}

Test(spsc, no_memory_and_no_such_capacity)
{
    cr_assert_eq(qsc_spsc_init(&queue, 0), EINVAL);
    cr_assert_eq(qsc_spsc_init(&queue, SIZE_MAX), EINVAL);
    failing_at(0);
    cr_assert_eq(qsc_spsc_init(&queue, 16), ENOMEM);
    cr_assert_eq(failing_live(), 0);
    failing_at(1);
    cr_assert_eq(qsc_spsc_init(&queue, 16), 0);
    cr_assert_eq(qsc_spsc_trypush(&queue, item(1)), 0);
    cr_assert_eq(failing_live(), 1, "no call allocates but init");
    qsc_spsc_fini(&queue);
    cr_assert_eq(failing_live(), 0);
    failing_off();
}
