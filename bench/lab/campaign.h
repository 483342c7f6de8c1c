/* What a sweep measures: each of some locks in each cell, a cell being one value of each axis. */
#ifndef QUIESCE_LAB_CAMPAIGN_H
#define QUIESCE_LAB_CAMPAIGN_H

#include "run.h"

#include <jansson.h>

enum lab_axis_name {
    LAB_AXIS_THREADS,
    LAB_AXIS_SECTION,
    LAB_AXIS_OUTSIDE,
    LAB_AXIS_SHAPE,
    LAB_AXIS_LINES,
    LAB_AXIS_LOCKS,
    LAB_AXIS_SKEW,
    LAB_AXIS_READS,
    LAB_AXIS_PIN,
    LAB_AXIS_BACKGROUND,
    LAB_AXES,
};

struct lab_axis {
    const char *name; /* the option's, and the key in results */
    const char *value, *help, *usual;
    const char *unit; /* " ns", or empty */
    double min, max;
    bool whole;               /* no fractions */
    const char *const *words; /* NULL: numbers; otherwise a value is the index of its word */
};

extern const struct lab_axis lab_axes[LAB_AXES];

enum { LAB_VALUES_MAX = 32, LAB_CONTENDERS_MAX = 32, LAB_SERIES_MAX = 4096, LAB_NAME_MAX = 48 };

struct lab_values {
    unsigned count;
    double of[LAB_VALUES_MAX];
};

/* Values separated by commas: numbers or the axis's words. "P" are the processors that the process may use,
 * "2P" and "1.25P" multiples of them, rounded; "100c" are cycles of the time-stamp counter in ns; "1..P"
 * doubles from 1 until it ends with P. Each value once. Returns whether it is such a list within the axis's
 * bounds. */
bool lab_values_parse(struct lab_values *values, enum lab_axis_name axis, const char *text);

/* The first of `locks` is the baseline, to which the others are compared. */
struct lab_campaign {
    struct lab_values axes[LAB_AXES];
    char locks[LAB_CONTENDERS_MAX][LAB_NAME_MAX];
    unsigned lock_count;
    unsigned ms, warm_up_ms;
    uint64_t seed;
    char preset[LAB_NAME_MAX]; /* empty: none */
};

struct lab_cell {
    double at[LAB_AXES];
};

/* How many cells there are; those of a campaign within the bounds fit into an unsigned. */
unsigned lab_campaign_cells(const struct lab_campaign *campaign);
struct lab_cell lab_campaign_cell(const struct lab_campaign *campaign, unsigned index);

/* The index of a cell, or the number of cells if it is none of the campaign's. */
unsigned lab_campaign_find(const struct lab_campaign *campaign, const struct lab_cell *cell);

struct lab_plan lab_campaign_plan(const struct lab_campaign *campaign, const struct lab_cell *cell,
                                  const struct lab_lock *lock);

/* A value in words: "500", "bimodal". */
void lab_value_print(char *text, size_t size, enum lab_axis_name axis, double value);

/* As JSON, and back: NULL where there is no memory; false where it is no campaign, no value. */
__attribute__((warn_unused_result)) json_t *lab_campaign_to_json(const struct lab_campaign *campaign);
bool lab_campaign_from_json(struct lab_campaign *campaign, const json_t *json);
__attribute__((warn_unused_result)) json_t *lab_value_to_json(enum lab_axis_name axis, double value);
bool lab_value_from_json(double *value, enum lab_axis_name axis, const json_t *json);

/* The load of a program or a paper, as far as an axis's text says it. */
struct lab_preset {
    const char *name;
    const char *axes[LAB_AXES]; /* NULL: the usual */
    const char *copies;         /* what, from where, and what not */
};

enum { LAB_PRESETS = 5 };
extern const struct lab_preset lab_presets[LAB_PRESETS];

#endif
