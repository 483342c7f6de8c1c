/* The subcommands of qsc-lab, each a file, and what they share. */
#ifndef QUIESCE_LAB_COMMANDS_H
#define QUIESCE_LAB_COMMANDS_H

#include "run.h"
#include "tools/command.h"
#include "tools/options.h"

#include <stdio.h>

extern const struct qsc_command lab_list_command, lab_env_command, lab_fair_command, lab_compare_command;
extern const struct qsc_command lab_latency_command, lab_shake_command;
extern const struct qsc_command lab_sweep_command, lab_report_command;

/* qsc_options_parse for a command that begins with the names of `wanted` locks. */
__attribute__((warn_unused_result)) bool lab_parse(const struct qsc_command *command,
                                                   const struct lab_lock **locks, int wanted,
                                                   const struct qsc_option *options, int argc, char **argv,
                                                   int *status);

/* An option whose value is a whole number or a real one within bounds; `to` is a variable. */
#define LAB_OPTION_INT(option, to, unit, text, least, most)                                                 \
    {                                                                                                       \
        .name = option, .kind = QSC_OPTION_INT, .target = &(to), .value = unit, .help = text, .min = least, \
        .max = most                                                                                         \
    }
#define LAB_OPTION_REAL(option, to, unit, text, least, most)                                                 \
    {                                                                                                        \
        .name = option, .kind = QSC_OPTION_REAL, .target = &(to), .value = unit, .help = text, .min = least, \
        .max = most                                                                                          \
    }

enum { LAB_LENGTH_MAX_NS = 100000000 }; /* of a section, of an interval */

/* The options that describe a run. */
struct lab_workload {
    int threads, section, outside, reads;
    bool pin;
    double seconds; /* of measurement, where the command has that option */
};

#define LAB_WORKLOAD_DEFAULT                         \
    {                                                \
        .threads = 2, .section = 500, .outside = 500 \
    }

#define LAB_WORKLOAD_OPTIONS(w)                                                                            \
    LAB_OPTION_INT("threads", (w).threads, "N", "threads that pass through the lock", 1, LAB_THREADS_MAX), \
        LAB_OPTION_INT("section", (w).section, "NS", "mean length of the critical section", 0,             \
                       LAB_LENGTH_MAX_NS),                                                                 \
        LAB_OPTION_INT("outside", (w).outside, "NS", "mean length of what is between two sections", 0,     \
                       LAB_LENGTH_MAX_NS),                                                                 \
        LAB_OPTION_INT("reads", (w).reads, "PERCENT",                                                      \
                       "sections that only read, together with others where the lock can", 0, 100),        \
    {                                                                                                      \
        .name = "pin", .kind = QSC_OPTION_FLAG, .target = &(w).pin,                                        \
        .help = "keep each thread to one processor"                                                        \
    }
#define LAB_SECONDS_OPTION(w, of)                \
    LAB_OPTION_REAL("seconds", (w).seconds, "S", \
                    "time of measurement" of ", after a tenth of it to warm up", 0.01, LAB_SECONDS_MAX)

/* With a tenth of the seconds, and 10 ms, to warm up. */
struct lab_plan lab_workload_plan(const struct lab_workload *workload, const struct lab_lock *lock);

/* What a pass takes that is not the lock's and not its sections', by one thread, with what the plan has
 * measured; below 0 where that could not be found out. */
double lab_empty_pass_ns(const struct lab_plan *plan);

/* Three lines on what a run is made of and what it costs to measure, which some short runs find out. */
void lab_workload_print(const struct lab_plan *plan, FILE *out);

/* lab_run, with one line on standard error where it fails. Returns whether it did not. After a run that timed
 * out the process should end. */
__attribute__((warn_unused_result)) bool lab_run_or_complain(struct lab_result *result,
                                                             const struct lab_plan *plan);

#endif
