#include "schedule.h"

#include "random.h"

#include <errno.h>
#include <math.h>
#include <quiesce/concurrency/alloc.h>

static void shuffle(unsigned *order, unsigned count, uint64_t *random)
{
    for (unsigned i = count; i > 1; i--) {
        unsigned j = lab_random_below(random, i), other = order[j];
        order[j] = order[i - 1];
        order[i - 1] = other;
    }
}

/* The block that comes next: the baseline, or where that failed another, was in all of them. */
static unsigned next_block(const struct lab_table *table, unsigned cell)
{
    unsigned next = 0;
    for (unsigned lock = 0; lock < table->campaign.lock_count; lock++) {
        const struct lab_series *series = lab_table_series(table, cell, lock);
        if (series->count > 0 && series->records[series->count - 1].block >= next)
            next = series->records[series->count - 1].block + 1;
    }
    return next;
}

static int is_narrow(const struct lab_schedule *schedule, const struct lab_table *table, unsigned cell,
                     unsigned lock, bool *narrow)
{
    const struct lab_series *series = lab_table_series(table, cell, lock);
    const struct lab_series *baseline = lab_table_series(table, cell, 0);
    *narrow = false;
    if (series->count < LAB_BLOCKS_MIN)
        return 0;
    struct lab_location location;
    int error = lab_series_locate(
        &location, series, lock == 0 || lab_series_failed(baseline) ? NULL : baseline, LAB_SWEEP_ALPHA);
    *narrow = location.high - location.low <= 2 * log1p(schedule->width);
    return error;
}

static int is_done(const struct lab_schedule *schedule, const struct lab_table *table, unsigned cell,
                   unsigned lock, bool *done)
{
    *done =
        lab_series_failed(lab_table_series(table, cell, lock)) || next_block(table, cell) >= schedule->blocks;
    return *done ? 0 : is_narrow(schedule, table, cell, lock, done);
}

/* The first lock of which intervals are wanted: a baseline has none. */
static unsigned first_contender(const struct lab_table *table)
{
    return table->campaign.lock_count > 1 ? 1 : 0;
}

int lab_schedule_count_wide(const struct lab_schedule *schedule, const struct lab_table *table,
                            unsigned *wide, unsigned *all)
{
    *wide = *all = 0;
    for (unsigned cell = 0; cell < table->cells; cell++) {
        for (unsigned lock = first_contender(table); lock < table->campaign.lock_count; lock++) {
            bool narrow;
            int error = is_narrow(schedule, table, cell, lock, &narrow);
            if (error)
                return error;
            *wide += !narrow;
            ++*all;
        }
    }
    return 0;
}

/* Which locks run in the next block; none: the cell is done. The baseline runs as long as another does. */
static int choose(struct lab_schedule *schedule, const struct lab_table *table, unsigned cell,
                  unsigned *locks, unsigned *count)
{
    *count = 0;
    bool done;
    for (unsigned lock = first_contender(table); lock < table->campaign.lock_count; lock++) {
        int error = is_done(schedule, table, cell, lock, &done);
        if (error)
            return error;
        if (!done)
            locks[(*count)++] = lock;
    }
    if (*count > 0 && first_contender(table) > 0 && !lab_series_failed(lab_table_series(table, cell, 0)))
        locks[(*count)++] = 0;
    return 0;
}

/* Returns as lab_schedule_run does, and whether there was anything to do. */
static int run_block(struct lab_schedule *schedule, struct lab_table *table, unsigned cell, uint64_t *random,
                     lab_measure_run *measure, void *context, bool *any)
{
    unsigned locks[LAB_CONTENDERS_MAX], count, block = next_block(table, cell);
    int error = choose(schedule, table, cell, locks, &count);
    shuffle(locks, count, random);
    for (unsigned i = 0; i < count && error == 0; i++) {
        struct lab_record record = {.block = block};
        error = measure(context, cell, locks[i], &record);
        if (error == 0)
            error = lab_series_add(lab_table_series(table, cell, locks[i]), &record);
        *any = true;
    }
    return error;
}

static int count_done(struct lab_schedule *schedule, const struct lab_table *table)
{
    unsigned locks[LAB_CONTENDERS_MAX], count;
    schedule->done = table->cells * table->campaign.lock_count;
    for (unsigned cell = 0; cell < table->cells; cell++) {
        int error = choose(schedule, table, cell, locks, &count);
        if (error)
            return error;
        schedule->done -= count;
    }
    return 0;
}

int lab_schedule_run(struct lab_schedule *schedule, struct lab_table *table, lab_measure_run *measure,
                     void *context)
{
    unsigned *order = qsc_alloc(table->cells * sizeof *order);
    if (!order)
        return ENOMEM;
    for (unsigned i = 0; i < table->cells; i++)
        order[i] = i;
    int error = count_done(schedule, table);
    /* An interrupted campaign goes on with another part of the sequence. */
    uint64_t random = ((table->campaign.seed + 1) * 0x9e3779b97f4a7c15u +
                       json_array_size(table->sessions) * 0xbf58476d1ce4e5b9u) |
                      1;
    bool any = true;
    while (any && error == 0) {
        any = false;
        shuffle(order, table->cells, &random);
        for (unsigned i = 0; i < table->cells && error == 0; i++)
            error = run_block(schedule, table, order[i], &random, measure, context, &any);
        if (error == 0)
            error = count_done(schedule, table);
    }
    qsc_free(order);
    return error;
}
