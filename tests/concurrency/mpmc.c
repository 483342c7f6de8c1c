#include "failing.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <quiesce/concurrency/mpmc.h>
#include <stdint.h>

static qsc_mpmc queue;

static void *item(uintptr_t number)
{
    return (void *)number; // NOLINT(performance-no-int-to-ptr)
}

Test(mpmc, capacity_is_the_next_power_of_two)
{
    static const size_t asked[] = {1, 2, 3, 4, 5, 1000}, got[] = {1, 2, 4, 4, 8, 1024};
    for (int i = 0; i < 6; i++) {
        cr_assert_eq(qsc_mpmc_init(&queue, asked[i]), 0);
        for (uintptr_t in = 0; in < got[i]; in++)
            cr_assert_eq(qsc_mpmc_trypush(&queue, item(in)), 0);
        cr_assert_eq(qsc_mpmc_trypush(&queue, NULL), EAGAIN);
        for (uintptr_t out = 0; out < got[i]; out++) {
            void *popped;
            cr_assert_eq(qsc_mpmc_trypop(&queue, &popped), 0);
            cr_assert_eq(popped, item(out));
        }
        void *untouched = item(9);
        cr_assert_eq(qsc_mpmc_trypop(&queue, &untouched), EAGAIN);
        cr_assert_eq(untouched, item(9));
        qsc_mpmc_fini(&queue);
    }
}

Test(mpmc, no_memory_and_no_such_capacity)
{
    cr_assert_eq(qsc_mpmc_init(&queue, 0), EINVAL);
    cr_assert_eq(qsc_mpmc_init(&queue, SIZE_MAX), EINVAL);
    failing_at(0);
    cr_assert_eq(qsc_mpmc_init(&queue, 16), ENOMEM);
    cr_assert_eq(failing_live(), 0);
    failing_at(1);
    cr_assert_eq(qsc_mpmc_init(&queue, 16), 0);
    cr_assert_eq(qsc_mpmc_trypush(&queue, item(1)), 0);
    cr_assert_eq(failing_live(), 1, "no call allocates but init");
    qsc_mpmc_fini(&queue);
    cr_assert_eq(failing_live(), 0);
    failing_off();
}
