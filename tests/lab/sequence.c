// Verdicts on measurements whose truth is known.
#include "bench/lab/sequence.h"

#include "bench/lab/random.h"
#include "tests/concurrency/failing.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <string.h>

enum { TRIALS = 200 };

// A machine on which A is `ratio` times as fast as B, with noise about a normal distribution's and now and
// then a run that something disturbed, and that gets slower from run to run.
struct machine {
    uint64_t random;
    double ratio, noise, drift;
    unsigned left, runs;
};

static double normal(uint64_t *random)
{
    double sum = -6;
    for (int i = 0; i < 12; i++)
        sum += lab_random(random) / 4294967296.0;
    return sum;
}

static int measure(void *context, unsigned which, double *value)
{
    struct machine *machine = context;
    if (machine->left == 0)
        return LAB_NO_MORE;
    machine->left--;
    double disturbed = lab_random_below(&machine->random, 20) == 0 ? 10 : 1;
    *value = 1e6 * (which == 0 ? machine->ratio : 1) * (1 - machine->drift * (machine->runs++ % 2)) *
             exp(normal(&machine->random) * machine->noise * disturbed);
    return 0;
}

// How many of the trials end in each verdict.
static void try(unsigned *verdicts, double ratio, double noise, double drift, unsigned pairs)
{
    memset(verdicts, 0, 4 * sizeof *verdicts);
    static struct lab_sequence sequence;
    for (uint64_t trial = 1; trial <= TRIALS; trial++) {
        struct machine machine = {trial * 0x9e3779b97f4a7c15u, ratio, noise, drift, 2 * pairs, 0};
        cr_assert_eq(lab_decide(&sequence, 0.03, trial, measure, &machine), 0);
        verdicts[sequence.verdict]++;
    }
}

Test(sequence, a_lock_against_itself_is_equivalent)
{
    unsigned verdicts[4];
    for (double noise = 0.005; noise < 0.03; noise *= 4) {
        try(verdicts, 1, noise, 0, 1000);
        cr_assert_geq(verdicts[LAB_EQUIVALENT], TRIALS * 95 / 100, "%u with a noise of %g",
                      verdicts[LAB_EQUIVALENT], noise);
    }
}

Test(sequence, five_percent_are_found)
{
    unsigned verdicts[4];
    for (double noise = 0.005; noise < 0.03; noise *= 4) {
        try(verdicts, 0.95, noise, 0, 1000);
        cr_assert_geq(verdicts[LAB_SLOWER], TRIALS * 95 / 100, "%u with a noise of %g", verdicts[LAB_SLOWER],
                      noise);
        try(verdicts, 1 / 0.95, noise, 0, 1000);
        cr_assert_geq(verdicts[LAB_FASTER], TRIALS * 95 / 100, "%u with a noise of %g", verdicts[LAB_FASTER],
                      noise);
    }
}

Test(sequence, a_machine_that_slows_down_favours_neither_lock)
{
    unsigned verdicts[4];
    try(verdicts, 1, 0.005, 0.06, 48); // whoever always came first would be faster
    cr_assert_geq(verdicts[LAB_EQUIVALENT] + verdicts[LAB_UNDECIDED], TRIALS * 95 / 100);
}

// A lets nobody pass, B as many as the context says.
static int stall(void *context, unsigned which, double *value)
{
    *value = which == 0 ? 0 : *(const double *)context;
    return 0;
}

Test(sequence, a_lock_that_lets_nobody_pass_is_slower)
{
    static struct lab_sequence sequence;
    double other = 1e6;
    cr_assert_eq(lab_decide(&sequence, 0.03, 1, stall, &other), 0);
    cr_assert_eq(sequence.verdict, LAB_SLOWER);
    cr_assert(isfinite(sequence.location.estimate));
    other = 0;
    cr_assert_eq(lab_decide(&sequence, 0.03, 1, stall, &other), 0);
    cr_assert_eq(sequence.verdict, LAB_EQUIVALENT, "where the other does not either");
}

Test(sequence, what_cannot_be_told_is_undecided)
{
    unsigned verdicts[4];
    try(verdicts, 1, 0.5, 0, 48); // noise
    cr_assert_geq(verdicts[LAB_UNDECIDED], TRIALS * 95 / 100, "%u", verdicts[LAB_UNDECIDED]);
    try(verdicts, 2, 0.01, 0, 7); // too few
    cr_assert_eq(verdicts[LAB_UNDECIDED], TRIALS);
    try(verdicts, 2, 0.01, 0, 8);
    cr_assert_eq(verdicts[LAB_FASTER], TRIALS, "as few as will do");
    try(verdicts, 2, 0.01, 0, 0);
    cr_assert_eq(verdicts[LAB_UNDECIDED], TRIALS);
}

Test(sequence, the_margin_decides_what_equivalent_means)
{
    struct lab_location location = {.estimate = 0.02, .low = 0.01, .high = 0.03};
    cr_assert_eq(lab_judge(&location, 0.05), LAB_EQUIVALENT);
    cr_assert_eq(lab_judge(&location, 0.02), LAB_FASTER);
    location = (struct lab_location){.estimate = -0.02, .low = -0.03, .high = -0.01};
    cr_assert_eq(lab_judge(&location, 0.02), LAB_SLOWER);
    location.high = 0.01;
    cr_assert_eq(lab_judge(&location, 0.02), LAB_UNDECIDED);
    cr_assert_str_eq(lab_verdict_names[LAB_SLOWER], "slower");
    cr_assert_str_eq(lab_verdict_names[LAB_EQUIVALENT], "equivalent");
}

static int fail(void *context, unsigned which, double *value)
{
    (void)context, (void)which;
    *value = 0;
    return 7;
}

Test(sequence, a_measurement_that_fails_ends_it)
{
    static struct lab_sequence sequence;
    cr_assert_eq(lab_decide(&sequence, 0.03, 1, fail, NULL), 7);
    cr_assert_eq(sequence.pairs, 0);
}

Test(sequence, memory_that_cannot_be_had_is_an_error)
{
    static struct lab_sequence sequence;
    for (unsigned pairs = 7; pairs <= 12; pairs += 5) { // when the time is up, and at the first look
        struct machine machine = {1, 1, 0.01, 0, 2 * pairs, 0};
        failing_at(0);
        cr_assert_eq(lab_decide(&sequence, 0.03, 1, measure, &machine), ENOMEM);
        cr_assert_eq(failing_live(), 0);
        failing_off();
    }
}
