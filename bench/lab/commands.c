#include "commands.h"

#include "clock.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

bool lab_parse(const struct qsc_command *command, const struct lab_lock **locks, int wanted,
               const struct qsc_option *options, int argc, char **argv, int *status)
{
    int named = 0;
    for (; named < wanted && 1 + named < argc && argv[1 + named][0] != '-'; named++) {
        locks[named] = lab_lock_find(argv[1 + named]);
        if (!locks[named]) {
            qsc_complain("%s: no lock '%s' (qsc-lab list prints them)", command->name, argv[1 + named]);
            *status = QSC_EXIT_USAGE;
            return false;
        }
    }
    if (!qsc_options_parse(command, options, argc - named, argv + named,
                           status)) /* --help, too, without a name */
        return false;
    if (named == wanted)
        return true;
    qsc_complain("%s: the name of a lock is missing (qsc-lab list prints them)", command->name);
    *status = QSC_EXIT_USAGE;
    return false;
}

struct lab_plan lab_workload_plan(const struct lab_workload *workload, const struct lab_lock *lock)
{
    return (struct lab_plan){.lock = lock,
                             .threads = (unsigned)workload->threads,
                             .section_ns = (uint64_t)workload->section,
                             .outside_ns = (uint64_t)workload->outside,
                             .reads = (unsigned)workload->reads,
                             .pin = workload->pin,
                             .windows = (uint32_t)(workload->seconds * (1e9 / LAB_WINDOW_NS)),
                             .warm_up_ns = (uint64_t)(workload->seconds * 1e8) + 10000000};
}

static void do_nothing(void *lock, void *waiter)
{
    (void)lock, (void)waiter;
}

double lab_empty_pass_ns(const struct lab_plan *plan)
{
    static const struct lab_lock nothing = {.name = "nothing", .lock = do_nothing, .unlock = do_nothing};
    const struct lab_plan empty = {.lock = &nothing,
                                   .threads = 1,
                                   .warm_up_ns = 1000000,
                                   .windows = 3,
                                   .waits = plan->waits,
                                   .latencies = plan->latencies,
                                   .trace = plan->trace ? 1 << 17 : 0};
    double best = 0;
    for (int i = 0; i < 5; i++) { /* the fastest is the one that nobody disturbed */
        struct lab_result result;
        if (lab_run(&result, &empty) != 0)
            return -1;
        best = fmax(best, lab_result_throughput(&result));
        lab_result_fini(&result);
    }
    return best > 0 ? 1e9 / best : -1;
}

void lab_workload_print(const struct lab_plan *plan, FILE *out)
{
    unsigned processors = (unsigned)qsc_port_processors();
    fprintf(out,
            "%u threads on %u processors%s, %s; section %" PRIu64 " ns, outside %" PRIu64
            " ns, %u %% reads%s\n",
            plan->threads, processors, plan->threads > processors ? " (they share them by time slices)" : "",
            plan->pin ? "pinned" : "not pinned", plan->section_ns, plan->outside_ns, plan->reads,
            plan->reads == 100 ? " (without writers, which says little of a reader-writer lock)" : "");
    const struct lab_clock *clock = lab_clock_get();
    fprintf(out, "clock: %s, a stamp takes %.1f ns; %s\n",
            clock->tsc ? "time-stamp counter" : "CLOCK_MONOTONIC", clock->stamp_ns,
            plan->trace   ? "three a pass, one of them inside the section, where the pass is noted"
            : plan->waits ? "two a pass, one of them inside the section"
                          : "one in about 1 us, outside the section");
    double empty_ns = lab_empty_pass_ns(plan);
    if (empty_ns >= 0)
        fprintf(out, "own cost: %.1f ns a pass, with no lock and empty sections\n", empty_ns);
}

bool lab_run_or_complain(struct lab_result *result, const struct lab_plan *plan)
{
    int error = lab_run(result, plan);
    if (error == ETIMEDOUT)
        qsc_complain("%s: a thread still waits for the lock long after the end: no result", plan->lock->name);
    else if (error == ENOTRECOVERABLE)
        qsc_complain("%s: two threads were inside of an exclusive section at one time: no result",
                     plan->lock->name);
    else if (error)
        qsc_complain("%s: the run could not start: %s", plan->lock->name, strerror(error));
    return error == 0;
}
