/* qsc-lab compare: whether one lock lets more passes through than another, or whether that cannot be said. */
#include "clock.h"
#include "commands.h"
#include "sequence.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>

/* Two locks under the same plan. */
struct contest {
    struct lab_plan plans[2];
    unsigned runs;
    double stolen; /* shares of the processors' time, summed over the runs */
    uint64_t deadline_ns, pair_began_ns, longest_pair_ns;
};

/* Whether a pair more ends before the deadline; a pair that was begun is completed. */
static bool is_time_up(struct contest *contest)
{
    if (contest->runs % 2 != 0)
        return false;
    uint64_t now = qsc_port_now_ns();
    if (contest->runs > 0 && now - contest->pair_began_ns > contest->longest_pair_ns)
        contest->longest_pair_ns = now - contest->pair_began_ns;
    contest->pair_began_ns = now;
    return now + contest->longest_pair_ns > contest->deadline_ns;
}

static int measure(void *context, unsigned which, double *throughput)
{
    struct contest *contest = context;
    if (is_time_up(contest))
        return LAB_NO_MORE;
    struct lab_result result;
    if (!lab_run_or_complain(&result, &contest->plans[which]))
        return QSC_EXIT_FAILURE;
    *throughput = lab_result_throughput(&result);
    contest->stolen += fmax(result.steal, 0);
    contest->runs++;
    lab_result_fini(&result);
    return 0;
}

static void print_throughput(int letter, const char *name, double *throughputs, unsigned pairs)
{
    lab_order(throughputs, pairs);
    printf("%c %-17s median %.0f passes/s, %.0f to %.0f\n", letter, name, lab_median(throughputs, pairs),
           throughputs[0], throughputs[pairs - 1]);
}

/* Orders the throughputs. */
static void print_contest(const struct contest *contest, struct lab_sequence *sequence, double margin)
{
    const struct lab_plan *plan = &contest->plans[0];
    printf("%s, %s: ", plan->lock->name, contest->plans[1].lock->name);
    lab_workload_print(plan, stdout);
    printf("%u pairs of runs of %" PRIu32 " ms after %" PRIu64 " ms of warm-up, in random order\n",
           sequence->pairs, plan->windows, plan->warm_up_ns / LAB_WINDOW_NS);
    for (int i = 0; i < 2 && sequence->pairs > 0; i++)
        print_throughput('A' + i, contest->plans[i].lock->name, sequence->values[i], sequence->pairs);
    if (sequence->pairs > 0)
        printf("stolen              %.2f %% of the processors' time, by the hypervisor\n",
               contest->stolen / (2 * sequence->pairs) * 100);
    const struct lab_location *location = &sequence->location;
    if (isinf(location->low))
        printf("ratio A/B           too few pairs for an interval\n");
    else
        printf("ratio A/B           %.3f, 99 %% interval %.3f to %.3f\n", exp(location->estimate),
               exp(location->low), exp(location->high));
    printf("signed-rank test    p = %.2g\n", location->p);
    printf("verdict             with a margin of %g %%, A is: %s\n", margin * 100,
           lab_verdict_names[sequence->verdict]);
}

/* Runs as long as can be while 48 pairs fit into the budget: 10 to 200 ms, a fifth of it to warm up. */
static void share_budget(struct contest *contest, double seconds)
{
    double run_ms = fmin(fmax(seconds * 1000 / (2 * 48), 10), 200);
    for (int i = 0; i < 2; i++) {
        contest->plans[i].windows = (uint32_t)(run_ms * 0.8);
        contest->plans[i].warm_up_ns = (uint64_t)(run_ms * 0.2) * LAB_WINDOW_NS;
    }
    contest->deadline_ns = qsc_port_now_ns() + (uint64_t)(seconds * 1e9);
}

static int run(int argc, char **argv)
{
    struct lab_workload workload = LAB_WORKLOAD_DEFAULT;
    double budget = 10, margin = 3;
    const struct qsc_option options[] = {
        LAB_WORKLOAD_OPTIONS(workload),
        LAB_OPTION_REAL("budget", budget, "SECONDS", "time after which it is undecided", 0.1, 3600),
        LAB_OPTION_REAL("margin", margin, "PERCENT", "difference below which two locks are equivalent", 0.1,
                        100),
        {0},
    };
    const struct lab_lock *locks[2];
    int status;
    if (!lab_parse(&lab_compare_command, locks, 2, options, argc, argv, &status))
        return status;

    static struct lab_sequence sequence; /* too large for a stack */
    struct contest contest = {
        .plans = {lab_workload_plan(&workload, locks[0]), lab_workload_plan(&workload, locks[1])}};
    share_budget(&contest, budget);
    status = lab_decide(&sequence, margin / 100, qsc_port_now_ns() | 1, measure, &contest);
    if (status == ENOMEM)
        qsc_complain("compare: no memory");
    if (status)
        return QSC_EXIT_FAILURE;
    print_contest(&contest, &sequence, margin / 100);
    return QSC_EXIT_OK;
}

const struct qsc_command lab_compare_command = {
    .name = "compare",
    .usage = "A B [OPTIONS]",
    .summary = "says whether lock A lets more passes through than lock B",
    .details = "The last word is the verdict on A: faster, slower, equivalent or undecided.\n"
               "docs/lab.md tells what they mean.",
    .run = run,
};
