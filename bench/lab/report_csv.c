#include "report.h"

#include <inttypes.h>

static void print_run(FILE *out, const struct lab_table *table, unsigned cell, unsigned lock,
                      const struct lab_record *record, const char *env)
{
    struct lab_cell at = lab_campaign_cell(&table->campaign, cell);
    fprintf(out, "%s,%u", table->campaign.locks[lock], record->block);
    for (unsigned axis = 0; axis < LAB_AXES; axis++) {
        char value[32];
        lab_value_print(value, sizeof value, axis, at.at[axis]);
        fprintf(out, ",%s", value);
    }
    if (record->failure)
        fprintf(out, ",,,,,,,,,,%s,%s\n", record->failure, env);
    else
        fprintf(out, ",%g,%" PRIu64 ",%" PRIu64 ",%.9g,%.6f,%.6f,%g,%" PRIu64 ",%u,,%s\n", record->seconds,
                record->passes, record->read_passes, record->throughput, record->jain, record->upper_half,
                record->steal, record->preempted, record->late, env);
}

int lab_report_csv(FILE *out, const struct lab_table *table, const struct lab_view *view)
{
    (void)view;
    const char *env = json_string_value(json_object_get(json_array_get(table->sessions, 0), "env_sha256"));
    fputs("lock,block", out);
    for (unsigned axis = 0; axis < LAB_AXES; axis++)
        fprintf(out, ",%s", lab_axes[axis].name);
    fputs(",seconds,passes,read_passes,throughput,jain,upper_half,steal,preempted,late,failure,env_sha256\n",
          out);
    for (unsigned cell = 0; cell < table->cells; cell++) {
        for (unsigned lock = 0; lock < table->campaign.lock_count; lock++) {
            const struct lab_series *series = lab_table_series(table, cell, lock);
            for (unsigned i = 0; i < series->count; i++)
                print_run(out, table, cell, lock, &series->records[i], env ? env : "");
        }
    }
    return 0;
}
