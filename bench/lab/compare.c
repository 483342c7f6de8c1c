/* qsc-lab compare: whether one lock lets more passes through than another, or whether that cannot be said. */
#include "clock.h"
#include "commands.h"
#include "random.h"
#include "sequence.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* Two locks under the same plan, and what their runs gave. */
struct contest {
    struct lab_plan plans[2];
    double throughputs[2][LAB_DIFFERENCES_MAX];
    unsigned pairs;
    double stolen; /* shares of the processors' time, summed over the runs */
    uint64_t random, deadline_ns, longest_pair_ns;
};

/* One run of each, in an order drawn anew: what changes slowly in the machine then favours neither. */
static int measure_pair(void *arg, double *log_ratio)
{
    struct contest *contest = arg;
    uint64_t began = qsc_port_now_ns();
    if (began + contest->longest_pair_ns > contest->deadline_ns)
        return LAB_NO_MORE;
    unsigned first = lab_random_below(&contest->random, 2);
    for (unsigned i = 0; i < 2; i++) {
        unsigned which = first ^ i;
        struct lab_result result;
        if (!lab_run_or_complain(&result, &contest->plans[which]))
            return QSC_EXIT_FAILURE;
        contest->throughputs[which][contest->pairs] = lab_result_throughput(&result);
        contest->stolen += fmax(result.steal, 0);
        lab_result_fini(&result);
    }
    /* A run in which nobody passed counts as one pass a second: a lock that stalls is slow, not left out. */
    *log_ratio = log(fmax(contest->throughputs[0][contest->pairs], 1) /
                     fmax(contest->throughputs[1][contest->pairs], 1));
    contest->pairs++;
    uint64_t took = qsc_port_now_ns() - began;
    contest->longest_pair_ns = took > contest->longest_pair_ns ? took : contest->longest_pair_ns;
    return 0;
}

static int compare_reals(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_throughput(char letter, const char *name, double *throughputs, unsigned pairs)
{
    qsort(throughputs, pairs, sizeof *throughputs, compare_reals);
    printf("%c %-17s median %.0f passes/s, %.0f to %.0f\n", letter, name,
           (throughputs[(pairs - 1) / 2] + throughputs[pairs / 2]) / 2, throughputs[0],
           throughputs[pairs - 1]);
}

static void print_contest(struct contest *contest, const struct lab_sequence *sequence, double margin)
{
    const struct lab_plan *plan = &contest->plans[0];
    printf("%s, %s: ", contest->plans[0].lock->name, contest->plans[1].lock->name);
    lab_workload_print(plan, stdout);
    printf("%u pairs of runs of %" PRIu32 " ms after %" PRIu64 " ms of warm-up, in random order\n",
           sequence->pairs, plan->windows, plan->warm_up_ns / LAB_WINDOW_NS);
    for (int i = 0; i < 2 && sequence->pairs > 0; i++)
        print_throughput("AB"[i], contest -> plans[i].lock->name, contest->throughputs[i], sequence->pairs);
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
    uint64_t now = qsc_port_now_ns();
    contest->deadline_ns = now + (uint64_t)(seconds * 1e9);
    contest->random = now | 1;
}

static int run(int argc, char **argv)
{
    struct lab_workload workload = LAB_WORKLOAD_DEFAULT;
    double budget = 10, margin = 3;
    const struct qsc_option options[] = {
        LAB_WORKLOAD_OPTIONS(workload),
        {.name = "budget",
         .kind = QSC_OPTION_REAL,
         .target = &budget,
         .value = "SECONDS",
         .help = "time after which it is undecided",
         .min = 0.1,
         .max = 3600},
        {.name = "margin",
         .kind = QSC_OPTION_REAL,
         .target = &margin,
         .value = "PERCENT",
         .help = "difference below which two locks are equivalent",
         .min = 0.1,
         .max = 100},
        {0},
    };
    const struct lab_lock *locks[2];
    int status;
    if (!lab_parse(&lab_compare_command, locks, 2, options, argc, argv, &status))
        return status;

    static struct contest contest; /* too large for a stack */
    static struct lab_sequence sequence;
    contest = (struct contest){
        .plans = {lab_workload_plan(&workload, locks[0]), lab_workload_plan(&workload, locks[1])}};
    share_budget(&contest, budget);
    status = lab_decide(&sequence, margin / 100, measure_pair, &contest);
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
    .details = "The last word is the verdict on A: faster, slower, equivalent or undecided. docs/lab.md "
               "tells what they\n"
               "mean.",
    .run = run,
};
