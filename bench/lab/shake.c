/* qsc-lab shake: whether a lock excludes, and lets everyone through, whatever happens to its threads. */
#include "commands.h"
#include "shaker.h"

#include <inttypes.h>
#include <string.h>

/* Fewer writes of one thread after another's than that have not tried the lock. */
enum { HANDOVERS_MIN = 20 };

static const char *const faults[] = {
    [LAB_SHAKE_TWO_INSIDE] = "two threads were inside of an exclusive section at one time",
    [LAB_SHAKE_READER_DISTURBED] = "something was written while a thread read",
    [LAB_SHAKE_STUCK] =
        "a thread did not come back from the lock within --patience, though nobody else asked for it",
};

static int conclude(const struct lab_shake_plan *plan, const struct lab_shake_result *result)
{
    const char *name = plan->lock->name;
    if (result->verdict != LAB_SHAKE_HELD)
        qsc_complain("%s: %s, after %.3f s", name, faults[result->verdict], (double)result->ns * 1e-9);
    else if (result->handovers < HANDOVERS_MIN)
        qsc_complain("%s: only %" PRIu64
                     " hand-overs, too few to say anything: give it more --threads or --seconds",
                     name, result->handovers);
    else {
        printf("%s: held\n", name);
        return QSC_EXIT_OK;
    }
    return QSC_EXIT_FAILURE;
}

static int run(int argc, char **argv)
{
    int threads = 8, reads = 50;
    double seconds = 5, patience = 10;
    uint64_t seed = 1;
    const struct qsc_option options[] = {
        LAB_OPTION_INT("threads", threads, "N", "threads, of which ever other numbers pass", 1,
                       LAB_THREADS_MAX),
        LAB_OPTION_INT("reads", reads, "PERCENT", "sections that only read, where the lock knows readers", 0,
                       100),
        LAB_OPTION_REAL("seconds", seconds, "S", "how long", 0.01, 3600),
        LAB_OPTION_REAL("patience", patience, "S", "after which a thread that does not come back is stuck",
                        0.1, 600),
        {.name = "seed",
         .kind = QSC_OPTION_U64,
         .target = &seed,
         .value = "S",
         .help = "of what is drawn; the system's part is not repeated"},
        {0},
    };
    struct lab_shake_plan plan = {0};
    int status;
    if (!lab_parse(&lab_shake_command, &plan.lock, 1, options, argc, argv, &status))
        return status;
    plan.threads = (unsigned)threads;
    plan.reads = (unsigned)reads;
    plan.ns = (uint64_t)(seconds * 1e9);
    plan.patience_ns = (uint64_t)(patience * 1e9);
    plan.seed = seed ? seed : 1;
    struct lab_shake_result result;
    const int error = lab_shake(&result, &plan);
    if (error) {
        qsc_complain("%s: the run could not start: %s", plan.lock->name, strerror(error));
        return QSC_EXIT_FAILURE;
    }
    printf("%s: up to %u threads; %" PRIu64 " passes (%" PRIu64 " reads), %" PRIu64
           " hand-overs, in %.2f s\n",
           plan.lock->name, plan.threads, result.passes, result.reads, result.handovers,
           (double)result.ns * 1e-9);
    printf("%" PRIu64 " changes of their number, %" PRIu64 " signals\n", result.phases, result.signals);
    return conclude(&plan, &result);
}

const struct qsc_command lab_shake_command = {
    .name = "shake",
    .usage = "LOCK [OPTIONS]",
    .summary = "looks for faults of a lock: interrupts, moves and stops its threads wherever they are",
    .details =
        "Exit status 1 where the lock does not exclude or a thread gets stuck. It is a search, not a proof.",
    .run = run,
};
