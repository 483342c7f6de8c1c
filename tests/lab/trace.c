// What is read from a trace, on traces made by hand.
#include "bench/lab/fairness.h"
#include "bench/lab/random.h"
#include "tests/concurrency/failing.h"

#include <criterion/criterion.h>
#include <errno.h>

static struct lab_overtakes overtakes_of(struct lab_grant *grants, uint32_t count, uint32_t waiting)
{
    const struct lab_trace trace = {grants, count, waiting};
    struct lab_overtakes overtakes;
    cr_assert_eq(lab_trace_overtakes(&overtakes, &trace), 0);
    return overtakes;
}

Test(trace, who_is_served_in_order_is_not_overtaken)
{
    struct lab_grant grants[1000];
    for (uint32_t i = 0; i < 1000; i++)
        grants[i] = (struct lab_grant){.asked = i, .got = i + 10};
    cr_assert_eq(overtakes_of(grants, 1000, 0).most, 0);
    cr_assert_eq(overtakes_of(grants, 0, 0).most, 0);
}

// The one that asked first comes last, and the others in order.
Test(trace, overtakes_are_those_that_asked_later_and_had_it_earlier)
{
    enum { N = 1000 };
    struct lab_grant grants[N];
    for (uint32_t i = 0; i < N; i++)
        grants[i] = (struct lab_grant){.asked = i + 1, .got = i + 10};
    grants[N - 1].asked = 0;
    struct lab_overtakes overtakes = overtakes_of(grants, N, 0);
    cr_assert_eq(overtakes.most, N - 1);
    cr_assert_eq(overtakes.p99, 0);
    cr_assert_float_eq(overtakes.mean, (N - 1.0) / N, 1e-12);
}

Test(trace, overtakes_agree_with_counting_each_pair)
{
    uint64_t random = 1;
    for (uint32_t n = 1; n < 70; n++) {
        struct lab_grant grants[70];
        for (uint32_t i = 0; i < n; i++)
            grants[i] = (struct lab_grant){.asked = lab_random_below(&random, 50), .got = 100 + i};
        uint32_t most = 0, all = 0;
        for (uint32_t i = 0; i < n; i++) {
            uint32_t overtaken = 0;
            for (uint32_t j = 0; j < i; j++)
                overtaken += grants[j].asked > grants[i].asked;
            most = overtaken > most ? overtaken : most;
            all += overtaken;
        }
        struct lab_overtakes overtakes = overtakes_of(grants, n, 0);
        cr_assert_eq(overtakes.most, most, "%u of %u", overtakes.most, most);
        cr_assert_float_eq(overtakes.mean, (double)all / n, 1e-9);
    }
}

// A wait that has not ended is overtaken by all that asked later: it is not left out.
Test(trace, a_wait_that_goes_on_is_a_wait)
{
    struct lab_grant grants[] = {
        {.asked = 5, .got = 6}, {.asked = 7, .got = 8}, {.asked = 1}, {.asked = 6}, {.asked = 9}};
    struct lab_overtakes overtakes = overtakes_of(grants, 2, 3);
    cr_assert_eq(overtakes.most, 2);
    cr_assert_float_eq(overtakes.mean, 3.0 / 5, 1e-12);
}

Test(trace, no_memory_is_an_error)
{
    struct lab_grant grants[3] = {{.asked = 1}};
    const struct lab_trace trace = {grants, 3, 0};
    for (long k = 0; k == 0 || failing_happened(); k++) {
        struct lab_overtakes overtakes;
        failing_at(k);
        cr_assert_eq(lab_trace_overtakes(&overtakes, &trace), failing_happened() ? ENOMEM : 0);
        cr_assert_eq(failing_live(), 0);
    }
    failing_off();
}

Test(trace, the_matrix_says_who_gives_to_whom)
{
    struct lab_grant grants[] = {{.thread = 0}, {.thread = 0}, {.thread = 1}, {.thread = 2}, {.thread = 1}};
    const struct lab_trace trace = {grants, 5, 0};
    uint64_t matrix[9];
    lab_trace_handovers(matrix, &trace, 3);
    const uint64_t expected[] = {1, 1, 0, 0, 0, 1, 0, 1, 0};
    for (int i = 0; i < 9; i++)
        cr_assert_eq(matrix[i], expected[i], "%d", i);
}

// Two threads pass equally often, but one holds the lock nine times as long: Jain's index of the passes is 1,
// and lock opportunity tells.
Test(trace, lock_opportunity_sees_long_sections)
{
    struct lab_grant grants[20];
    for (uint32_t i = 0; i < 20; i++) {
        uint64_t pair = i / 2 * 110;
        grants[i] = i % 2 ? (struct lab_grant){.got = pair + 95, .left = pair + 105, .thread = 1}
                          : (struct lab_grant){.got = pair, .left = pair + 90, .thread = 0};
    }
    const struct lab_trace trace = {grants, 20, 0};
    uint64_t held[2];
    uint64_t idle = lab_trace_held(held, &trace, 2);
    cr_assert_eq(held[0], 900);
    cr_assert_eq(held[1], 100);
    cr_assert_eq(idle, 95, "5 between two, and nothing after the last");
    lab_opportunity(held, 2, idle);
    cr_assert_eq(held[0], 995);
    cr_assert_eq(held[1], 195);
    cr_assert_float_eq(lab_jain(held, 2), 1190.0 * 1190 / (2 * (995.0 * 995 + 195.0 * 195)), 1e-12);
}

// An unlock that is still under way when the next one has the lock: no time is counted twice.
Test(trace, a_slow_unlock_belongs_to_the_hold_until_the_next_has_the_lock)
{
    struct lab_grant grants[] = {{.got = 0, .left = 50}, {.got = 20, .left = 30, .thread = 1}};
    const struct lab_trace trace = {grants, 2, 0};
    uint64_t held[2];
    cr_assert_eq(lab_trace_held(held, &trace, 2), 0);
    cr_assert_eq(held[0], 20);
    cr_assert_eq(held[1], 10);
}
