#include "report.h"

#include <errno.h>
#include <math.h>

/* "qsc_mutex/threads:2/section:500/...": what a regular expression selects. */
static void name_run(char *name, size_t size, const struct lab_table *table, unsigned cell, unsigned lock)
{
    struct lab_cell at = lab_campaign_cell(&table->campaign, cell);
    size_t length = (size_t)snprintf(name, size, "%s", table->campaign.locks[lock]);
    for (unsigned axis = 0; axis < LAB_AXES && length < size; axis++) {
        char value[32];
        lab_value_print(value, sizeof value, axis, at.at[axis]);
        length += (size_t)snprintf(name + length, size - length, "/%s:%s", lab_axes[axis].name, value);
    }
}

static json_t *describe_context(const struct lab_table *table)
{
    const json_t *session = json_array_get(table->sessions, 0), *env = json_object_get(session, "env");
    const char *date = json_string_value(json_object_get(session, "started"));
    const char *program = json_string_value(json_array_get(json_object_get(session, "command"), 0));
    return json_pack("{ss? ss? sI sb ss sO? sO? so}", "date", date, "executable", program, "num_cpus",
                     json_integer_value(json_object_get(env, "processors")), "cpu_scaling_enabled", false,
                     "library_build_type", "release", "binary_sha256",
                     json_object_get(session, "binary_sha256"), "env_sha256",
                     json_object_get(session, "env_sha256"), "load_avg", json_array());
}

static json_t *describe_run(const struct lab_table *table, unsigned cell, unsigned lock, unsigned index)
{
    const struct lab_series *series = lab_table_series(table, cell, lock);
    const struct lab_record *record = &series->records[index];
    char name[256];
    name_run(name, sizeof name, table, cell, lock);
    double ns = 1e9 / fmax(record->throughput, 1);
    json_t *run = json_pack("{ss si si ss ss si si si sI sf sf ss}", "name", name, "family_index", (int)lock,
                            "per_family_instance_index", (int)cell, "run_name", name, "run_type", "iteration",
                            "repetitions", (int)series->count, "repetition_index", (int)index, "threads",
                            (int)lab_campaign_cell(&table->campaign, cell).at[LAB_AXIS_THREADS], "iterations",
                            (json_int_t)record->passes, "real_time", ns, "cpu_time", ns, "time_unit", "ns");
    json_t *more = record->failure
                       ? json_pack("{sb ss}", "error_occurred", true, "error_message", record->failure)
                       : json_pack("{sf sf sf}", "items_per_second", record->throughput, "jain", record->jain,
                                   "upper_half", record->upper_half);
    bool whole = run && json_object_update(run, more) == 0;
    json_decref(more);
    if (whole)
        return run;
    json_decref(run);
    return NULL;
}

int lab_report_benchmark(FILE *out, const struct lab_table *table, const struct lab_view *view)
{
    (void)view;
    json_t *runs = json_array();
    bool whole = runs;
    for (unsigned lock = 0; lock < table->campaign.lock_count; lock++) {
        for (unsigned cell = 0; cell < table->cells; cell++) {
            for (unsigned i = 0; i < lab_table_series(table, cell, lock)->count && whole; i++)
                whole = json_array_append_new(runs, describe_run(table, cell, lock, i)) == 0;
        }
    }
    json_t *all = json_pack("{so so}", "context", describe_context(table), "benchmarks", runs);
    whole = whole && all;
    if (whole && json_dumpf(all, out, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) == 0)
        fputc('\n', out);
    json_decref(all);
    return whole ? 0 : ENOMEM;
}
