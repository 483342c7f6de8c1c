// Campaigns on a machine whose truth is known.
#include "bench/lab/schedule.h"

#include "bench/lab/random.h"
#include "tests/concurrency/failing.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <string.h>

enum { RUNS_MAX = 20000, LOCKS = 3 };

// Lock i is ratios[i] times as fast as the baseline. The machine gets slower from run to run.
static struct machine {
    double ratios[LOCKS], noise, drift;
    uint64_t random;
    unsigned runs, left, failing_lock, failing_run;
    struct {
        unsigned cell, lock, block;
    } log[RUNS_MAX];
} machine;

static double normal(uint64_t *random)
{
    double sum = -6;
    for (int i = 0; i < 12; i++)
        sum += lab_random(random) / 4294967296.0;
    return sum;
}

static int measure(void *context, unsigned cell, unsigned lock, struct lab_record *record)
{
    (void)context;
    if (machine.left == 0 || machine.runs == RUNS_MAX)
        return LAB_TIME_IS_UP;
    machine.left--;
    machine.log[machine.runs].cell = cell;
    machine.log[machine.runs].lock = lock;
    machine.log[machine.runs++].block = record->block;
    record->throughput = 1e6 * (cell + 1) * machine.ratios[lock] * exp(-machine.drift * machine.runs) *
                         exp(normal(&machine.random) * machine.noise);
    if (lock == machine.failing_lock && record->block == machine.failing_run)
        record->failure = lab_failure_of(ETIMEDOUT);
    return 0;
}

static struct lab_table make_table(unsigned locks, const char *threads, uint64_t seed)
{
    struct lab_campaign campaign = {.lock_count = locks, .ms = 10, .seed = seed};
    for (unsigned i = 0; i < locks; i++)
        sprintf(campaign.locks[i], "lock%u", i);
    for (unsigned axis = 0; axis < LAB_AXES; axis++)
        cr_assert(lab_values_parse(&campaign.axes[axis], axis,
                                   axis == LAB_AXIS_THREADS ? threads : lab_axes[axis].usual));
    struct lab_table table;
    cr_assert_eq(lab_table_init(&table, &campaign), 0);
    machine = (struct machine){.ratios = {1, 1, 1},
                               .noise = 0.01,
                               .random = seed * 0x9e3779b97f4a7c15u | 1,
                               .left = RUNS_MAX,
                               .failing_lock = LOCKS};
    return table;
}

static void run(struct lab_table *table, double width, unsigned blocks)
{
    struct lab_schedule schedule = {.width = width, .blocks = blocks};
    cr_assert_eq(lab_schedule_run(&schedule, table, measure, NULL), 0);
    cr_assert_eq(schedule.done, table->cells * table->campaign.lock_count);
}

static struct lab_location ratio(const struct lab_table *table, unsigned cell, unsigned lock)
{
    struct lab_location location;
    cr_assert_eq(lab_series_locate(&location, lab_table_series(table, cell, lock),
                                   lab_table_series(table, cell, 0), LAB_SWEEP_ALPHA),
                 0);
    return location;
}

Test(schedule, goes_on_until_the_intervals_are_narrow)
{
    unsigned runs[2];
    for (int wide = 0; wide < 2; wide++) {
        struct lab_table table = make_table(3, "1,2", 1);
        machine.ratios[1] = 0.9;
        machine.ratios[2] = 2;
        machine.noise = wide ? 0.05 : 0.005;
        run(&table, 0.03, 300);
        for (unsigned cell = 0; cell < 2; cell++) {
            for (unsigned lock = 1; lock < 3; lock++) {
                struct lab_location location = ratio(&table, cell, lock);
                cr_assert_leq(location.high - location.low, 2 * log1p(0.03));
                cr_assert_float_eq(location.estimate, log(machine.ratios[lock]), 0.03);
            }
        }
        runs[wide] = machine.runs;
        lab_table_fini(&table);
    }
    cr_assert_eq(runs[0], 2 * 3 * LAB_BLOCKS_MIN, "%u runs", runs[0]);
    cr_assert_gt(runs[1], 2 * runs[0]);
}

Test(schedule, ends_where_they_do_not_become_narrow)
{
    struct lab_table table = make_table(2, "1", 1);
    machine.noise = 1;
    run(&table, 0.01, 20);
    cr_assert_eq(machine.runs, 40);
    struct lab_schedule schedule = {.width = 0.01};
    unsigned wide, all;
    cr_assert_eq(lab_schedule_count_wide(&schedule, &table, &wide, &all), 0);
    cr_assert(wide == 1 && all == 1, "done is not narrow");
    schedule.width = 1000;
    cr_assert_eq(lab_schedule_count_wide(&schedule, &table, &wide, &all), 0);
    cr_assert_eq(wide, 0);
    lab_table_fini(&table);
}

// An interval that stops the runs when it is narrow enough holds as often as it says, nearly.
Test(schedule, the_intervals_hold)
{
    unsigned held = 0;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct lab_table table = make_table(2, "1", seed);
        machine.ratios[1] = 0.95;
        machine.noise = 0.03;
        run(&table, 0.03, 100);
        struct lab_location location = ratio(&table, 0, 1);
        held += location.low <= log(0.95) && log(0.95) <= location.high;
        lab_table_fini(&table);
    }
    cr_assert_geq(held, 300 * 96 / 100, "%u of 300", held);
}

Test(schedule, a_machine_that_slows_down_favours_no_lock)
{
    struct lab_table table = make_table(3, "1,2,3", 5);
    machine.drift = 0.01;
    machine.noise = 0.001;
    run(&table, 0.001, 60);
    for (unsigned cell = 0; cell < 3; cell++) {
        for (unsigned lock = 1; lock < 3; lock++) {
            struct lab_location location = ratio(&table, cell, lock);
            cr_assert(location.low < 0 && location.high > 0, "%g to %g", location.low, location.high);
        }
    }
    lab_table_fini(&table);
}

// Each block has every lock once and is not interrupted by another cell.
Test(schedule, blocks_are_whole_and_in_random_order)
{
    struct lab_table table = make_table(3, "1,2", 1);
    run(&table, 0.0001, 30);
    unsigned first[LOCKS] = {0}, cell_first[2] = {0};
    for (unsigned i = 0; i + 2 < machine.runs; i += 3) {
        unsigned seen = 0;
        for (unsigned j = i; j < i + 3; j++) {
            seen |= 1u << machine.log[j].lock;
            cr_assert_eq(machine.log[j].cell, machine.log[i].cell);
            cr_assert_eq(machine.log[j].block, machine.log[i].block);
        }
        cr_assert_eq(seen, 7);
        first[machine.log[i].lock]++;
        cell_first[machine.log[i].cell] += i % 6 == 0;
    }
    for (unsigned lock = 0; lock < LOCKS; lock++)
        cr_assert(first[lock] > 8 && first[lock] < 35, "lock %u was first %u times", lock, first[lock]);
    cr_assert(cell_first[0] > 4 && cell_first[1] > 4);
    lab_table_fini(&table);
}

Test(schedule, the_seed_decides_the_order)
{
    static struct machine one;
    for (uint64_t seed = 1; seed <= 2; seed++) {
        for (int again = 0; again < 2; again++) {
            struct lab_table table = make_table(3, "1,2", seed);
            run(&table, 0.001, 10);
            bool same = memcmp(one.log, machine.log, sizeof one.log) == 0;
            cr_assert_eq(same, again == 1);
            one = machine;
            lab_table_fini(&table);
        }
    }
}

Test(schedule, a_failure_is_kept_and_ends_its_series_alone)
{
    struct lab_table table = make_table(3, "1", 1);
    machine.failing_lock = 1;
    machine.failing_run = 3;
    run(&table, 0.0001, 12);
    cr_assert_eq(lab_table_series(&table, 0, 1)->count, 4);
    cr_assert(lab_series_failed(lab_table_series(&table, 0, 1)));
    cr_assert_eq(lab_table_series(&table, 0, 0)->count, 12);
    cr_assert_eq(lab_table_series(&table, 0, 2)->count, 12);
    lab_table_fini(&table);

    table = make_table(3, "1", 1); // without a baseline the others go on
    machine.failing_lock = 0;
    machine.failing_run = 0;
    run(&table, 0.0001, 12);
    cr_assert_eq(lab_table_series(&table, 0, 0)->count, 1);
    cr_assert_eq(lab_table_series(&table, 0, 2)->count, 12);
    lab_table_fini(&table);
}

Test(schedule, one_lock_runs_until_its_throughput_is_known)
{
    struct lab_table table = make_table(1, "1", 1);
    run(&table, 0.05, 100);
    cr_assert_eq(machine.runs, LAB_BLOCKS_MIN);
    lab_table_fini(&table);
}

Test(schedule, what_the_time_cut_off_is_taken_up)
{
    struct lab_table table = make_table(3, "1,2", 1);
    struct lab_schedule schedule = {.width = 0.0001, .blocks = 10};
    for (unsigned turns = 0; turns < 20; turns++) { // in the middle of blocks
        machine.left = 7;
        int error = lab_schedule_run(&schedule, &table, measure, NULL);
        if (error == 0)
            break;
        cr_assert_eq(error, LAB_TIME_IS_UP);
    }
    cr_assert_eq(schedule.done, 6);
    for (unsigned cell = 0; cell < 2; cell++) {
        for (unsigned lock = 0; lock < 3; lock++) {
            const struct lab_series *series = lab_table_series(&table, cell, lock);
            for (unsigned i = 1; i < series->count; i++)
                cr_assert_gt(series->records[i].block, series->records[i - 1].block);
            cr_assert_geq(series->count, 5);
        }
    }
    lab_table_fini(&table);
}

Test(schedule, memory_that_cannot_be_had_is_an_error)
{
    bool happened = true;
    for (long k = 0; happened; k++) {
        failing_at(-1);
        struct lab_table table = make_table(2, "1", 1);
        struct lab_schedule schedule = {.width = 0.05, .blocks = 9};
        failing_at(k);
        int error = lab_schedule_run(&schedule, &table, measure, NULL);
        happened = failing_happened();
        cr_assert_eq(error, happened ? ENOMEM : 0);
        lab_table_fini(&table);
        failing_off();
    }
}
