#include "failing.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <quiesce/concurrency/deque.h>
#include <stdint.h>

static void *item(uintptr_t number)
{
    return (void *)number; // NOLINT(performance-no-int-to-ptr)
}

static void push(struct qsc_deque *deque, uintptr_t number)
{
    cr_assert_eq(qsc_deque_push(deque, item(number)), 0);
}

static uintptr_t steal(struct qsc_deque *deque)
{
    void *stolen = NULL;
    return qsc_deque_steal(deque, &stolen) == 0 ? (uintptr_t)stolen : 0;
}

Test(deque, the_owner_takes_the_latest_the_thief_the_earliest)
{
    struct qsc_deque deque;
    cr_assert_eq(qsc_deque_init(&deque, 8), 0);
    for (uintptr_t i = 1; i <= 5; i++)
        push(&deque, i);
    cr_assert_eq((uintptr_t)qsc_deque_take(&deque), 5);
    cr_assert_eq(steal(&deque), 1);
    cr_assert_eq((uintptr_t)qsc_deque_take(&deque), 4);
    cr_assert_eq(steal(&deque), 2);
    cr_assert_not(qsc_deque_is_empty(&deque));
    cr_assert_eq((uintptr_t)qsc_deque_take(&deque), 3);
    cr_assert(qsc_deque_is_empty(&deque));
    qsc_deque_fini(&deque);
}

Test(deque, empty)
{
    struct qsc_deque deque;
    void *none = item(7);
    cr_assert_eq(qsc_deque_init(&deque, 1), 0);
    for (int round = 0; round < 3; round++) {
        cr_assert_null(qsc_deque_take(&deque));
        cr_assert_eq(qsc_deque_steal(&deque, &none), ENOENT);
        cr_assert_eq(none, item(7), "not written");
        push(&deque, 1);
        cr_assert_eq(round % 2 ? steal(&deque) : (uintptr_t)qsc_deque_take(&deque), 1);
    }
    qsc_deque_fini(&deque);
}

// Against a plain list, with the window of live items wandering around rings of all sizes.
Test(deque, behaves_as_a_list_through_growth_and_wrapping)
{
    enum { STEPS = 20000 };
    static uintptr_t list[STEPS];
    struct qsc_deque deque;
    size_t first = 0, end = 0;
    uint32_t random = 1;
    cr_assert_eq(qsc_deque_init(&deque, 1), 0);
    for (uintptr_t step = 1; step < STEPS; step++) {
        random = random * 1664525U + 1013904223U;
        unsigned kind = (random >> 16) % (step / 500 % 2 ? 5 : 3); // growing and shrinking by turns
        if (kind == 0) {
            push(&deque, step);
            list[end++] = step;
        } else if (kind % 2) {
            cr_assert_eq((uintptr_t)qsc_deque_take(&deque), first < end ? list[--end] : 0);
        } else {
            cr_assert_eq(steal(&deque), first < end ? list[first++] : 0);
        }
        if (kind == 2 && step / 500 % 2 == 0) {
            push(&deque, step);
            list[end++] = step;
        }
    }
    qsc_deque_fini(&deque);
}

Test(deque, survives_each_allocation_that_fails)
{
    for (long k = 0; k == 0 || failing_happened(); k++) {
        struct qsc_deque deque;
        failing_at(k);
        int error = qsc_deque_init(&deque, 2);
        if (!error) {
            uintptr_t pushed = 0;
            while (pushed < 100 && !error) {
                error = qsc_deque_push(&deque, item(pushed + 1));
                pushed += !error;
            }
            cr_assert_eq(steal(&deque), pushed ? 1 : 0);
            for (uintptr_t left = pushed; left > 1; left--)
                cr_assert_eq((uintptr_t)qsc_deque_take(&deque), left);
            cr_assert_null(qsc_deque_take(&deque));
            qsc_deque_fini(&deque);
        }
        cr_assert_eq(error, failing_happened() ? ENOMEM : 0);
        cr_assert_eq(failing_live(), 0);
    }
    failing_off();
}

Test(deque, a_full_deque_that_cannot_grow_has_room_for_what_was_just_taken)
{
    struct qsc_deque deque;
    failing_at(-1);
    cr_assert_eq(qsc_deque_init(&deque, 4), 0);
    for (uintptr_t i = 1; i <= 4; i++)
        push(&deque, i);
    failing_at(0);
    cr_assert_eq(qsc_deque_push(&deque, item(5)), ENOMEM);
    failing_at(0);
    cr_assert_eq((uintptr_t)qsc_deque_take(&deque), 4);
    push(&deque, 4);
    cr_assert_not(failing_happened());
    failing_off();
    qsc_deque_fini(&deque);
}
