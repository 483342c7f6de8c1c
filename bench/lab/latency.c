/* qsc-lab latency: how long passes wait for a lock, up to the rarest, in a closed and in an open loop. */
#include "commands.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <quiesce/concurrency/alloc.h>

/* A percentile is printed where so many waits at least were longer. */
enum { BEYOND = 10 };

static const double quantiles[] = {0.5, 0.9, 0.99, 0.999, 0.9999};

/* Of all threads together. Returns NULL where there is no memory. */
static struct lab_latencies *merge(const struct lab_result *result)
{
    struct lab_latencies *all = qsc_alloc_zeroed(1, sizeof *all);
    for (unsigned i = 0; all && i < result->threads; i++) {
        const struct lab_latencies *of = result->of[i].latencies;
        qsc_histogram_merge(&all->asked, &of->asked);
        qsc_histogram_merge(&all->intended, &of->intended);
        qsc_histogram_merge(&all->woken, &of->woken);
        all->missed += of->missed;
    }
    return all;
}

static double microseconds(uint64_t ns)
{
    return (double)ns * 1e-3;
}

static void print_cell(const struct qsc_histogram *histogram, double quantile)
{
    if ((double)histogram->count * (1 - quantile) < BEYOND)
        printf(" %14s", "-");
    else
        printf(" %14.2f", microseconds(qsc_histogram_quantile(histogram, quantile)));
}

static void print_table(const struct lab_latencies *closed, const struct lab_latencies *open)
{
    const struct qsc_histogram *columns[] = {&closed->asked, &open->intended, &open->asked};
    puts("us              closed loop      open loop   from asking");
    for (size_t q = 0; q < sizeof quantiles / sizeof *quantiles; q++) {
        printf("p%-8g", quantiles[q] * 100);
        for (int i = 0; i < 3; i++)
            print_cell(columns[i], quantiles[q]);
        putchar('\n');
    }
    printf("longest  ");
    for (int i = 0; i < 3; i++)
        printf(" %14.2f", microseconds(columns[i]->max_ns));
    printf("\nwaits    ");
    for (int i = 0; i < 3; i++)
        printf(" %14" PRIu64, columns[i]->count);
    putchar('\n');
}

static void print_open(const struct lab_plan *plan, const struct lab_latencies *open)
{
    const double rate = (double)plan->threads / (double)plan->interval_ns * 1e9;
    printf("the open loop    a pass is to begin every %" PRIu64 " ns in each thread, %.0f/s in all\n",
           plan->interval_ns, rate);
    printf("missed           %" PRIu64
           " passes had not begun when the time was over: they waited until then\n",
           open->missed);
    if (open->woken.count > 0)
        printf("late by itself   a thread that had nothing to do: p50 %.2f us, p99 %.2f us; not the lock's "
               "doing\n",
               microseconds(qsc_histogram_quantile(&open->woken, 0.5)),
               microseconds(qsc_histogram_quantile(&open->woken, 0.99)));
}

/* Half as many passes as the closed loop had, unless the user chose. Returns whether there were any. */
static bool choose_interval(struct lab_plan *plan, int chosen_ns, const struct lab_result *closed)
{
    const double throughput = lab_result_throughput(closed);
    const double mean_ns = chosen_ns > 0 ? chosen_ns : 2e9 * plan->threads / throughput;
    plan->interval_ns = (uint64_t)fmin(fmax(mean_ns, 100), 1e8);
    plan->outside_ns = 0; /* a pass begins when its time has come */
    return throughput > 0 || chosen_ns > 0;
}

/* Both runs, the closed loop's first. Returns whether they went well; otherwise it has said why not. */
static bool run_both(struct lab_plan *plan, int chosen_ns, struct lab_latencies *all[2])
{
    for (int i = 0; i < 2; i++) {
        struct lab_result result;
        if (!lab_run_or_complain(&result, plan))
            return false;
        all[i] = merge(&result);
        bool go_on = all[i] != NULL;
        if (!go_on)
            qsc_complain("latency: no memory");
        if (go_on && i == 0 && !choose_interval(plan, chosen_ns, &result)) {
            qsc_complain("latency: nobody had the lock in the closed loop: choose an --interval");
            go_on = false;
        }
        lab_result_fini(&result);
        if (!go_on)
            return false;
    }
    return true;
}

static int run(int argc, char **argv)
{
    struct lab_workload workload = LAB_WORKLOAD_DEFAULT;
    workload.seconds = 2;
    int interval = 0;
    const struct qsc_option options[] = {
        LAB_WORKLOAD_OPTIONS(workload),
        LAB_SECONDS_OPTION(workload, " of each loop"),
        LAB_OPTION_INT(
            "interval", interval, "NS",
            "open loop: mean time between two passes of a thread; 0: half of the closed loop's passes", 0,
            LAB_LENGTH_MAX_NS),
        {0},
    };
    const struct lab_lock *lock;
    int status;
    if (!lab_parse(&lab_latency_command, &lock, 1, options, argc, argv, &status))
        return status;

    struct lab_plan plan = lab_workload_plan(&workload, lock);
    plan.waits = plan.latencies = true;
    printf("%s: ", lock->name);
    lab_workload_print(&plan, stdout);
    struct lab_latencies *all[2] = {NULL, NULL};
    const bool done = run_both(&plan, interval, all);
    if (done) {
        print_table(all[0], all[1]);
        print_open(&plan, all[1]);
    }
    qsc_free(all[0]);
    qsc_free(all[1]);
    return done ? QSC_EXIT_OK : QSC_EXIT_FAILURE;
}

const struct qsc_command lab_latency_command = {
    .name = "latency",
    .usage = "LOCK [OPTIONS]",
    .summary = "shows how long threads wait for a lock, up to the rarest waits",
    .details =
        "Closed loop: a thread asks when its last pass is done, and a stall is one wait. Open loop: passes\n"
        "have times at which they are to begin, and wait from then. A percentile with less than 10 waits\n"
        "beyond it is not printed. docs/lab.md tells how to read the rest.",
    .run = run,
};
