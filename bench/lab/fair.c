/* qsc-lab fair: how evenly threads pass through a lock, and how long one waits at most. */
#include "commands.h"
#include "fairness.h"

#include <errno.h>
#include <inttypes.h>

/* Whose passes one by one: 33 MB, and 0.1 s of the time after the run. */
enum { TRACED = 1 << 20, MATRIX_MAX = 16 };

static void print_share(const struct lab_result *result)
{
    uint64_t counts[LAB_THREADS_MAX], reads = 0;
    for (unsigned i = 0; i < result->threads; i++) {
        counts[i] = result->of[i].passes;
        reads += result->of[i].reads;
    }
    printf("throughput       %.0f passes/s (%" PRIu64 " reads, %" PRIu64 " writes)\n",
           lab_result_throughput(result), reads, lab_result_passes(result) - reads);
    printf("jain whole       %.3f\n", lab_jain(counts, result->threads));
    for (uint32_t ms = 100; ms >= 1; ms /= 10) {
        struct lab_jain_windows over = lab_jain_over(result, ms);
        if (over.windows > 0)
            printf("jain %3" PRIu32 " ms      %.3f (mean of %" PRIu32 " windows, worst %.3f, %" PRIu32
                   " idle)\n",
                   ms, over.mean, over.windows, over.worst, over.idle);
    }
    printf("upper half       %.3f of all passes\n",
           lab_upper_half(counts, result->threads)); /* orders them */
    printf("passes a thread  %" PRIu64 " to %" PRIu64 "\n", counts[0], counts[result->threads - 1]);
}

static void print_waits(const struct lab_result *result)
{
    uint64_t longest = 0, preempted = 0;
    unsigned late = 0;
    for (unsigned i = 0; i < result->threads; i++) {
        longest = result->of[i].longest_wait_ns > longest ? result->of[i].longest_wait_ns : longest;
        preempted += result->of[i].preempted;
        late += result->of[i].late;
    }
    printf("longest wait     %.3f ms\n", (double)longest * 1e-6);
    printf("preempted        %" PRIu64 " times; %u threads began late\n", preempted, late);
    if (result->steal >= 0)
        printf("stolen           %.2f %% of the processors' time, by the hypervisor\n", result->steal * 100);
}

/* Returns 0 or ENOMEM. */
static int print_overtakes(const struct lab_result *result)
{
    struct lab_overtakes overtakes;
    int error = lab_trace_overtakes(&overtakes, &result->trace);
    if (error == 0)
        printf("overtakes        %.2f a wait, p99 %" PRIu32 ", most %" PRIu32 " (of the first %" PRIu32
               " passes, and %" PRIu32 " waits that went on)\n",
               overtakes.mean, overtakes.p99, overtakes.most, result->trace.count, result->trace.waiting);
    return error;
}

static void print_handovers(const struct lab_result *result)
{
    static uint64_t matrix[LAB_THREADS_MAX * LAB_THREADS_MAX]; /* too large for a stack */
    const unsigned n = result->threads;
    const double all = result->trace.count > 1 ? result->trace.count - 1 : 1;
    uint64_t same = 0;
    lab_trace_handovers(matrix, &result->trace, n);
    for (unsigned i = 0; i < n; i++)
        same += matrix[i * n + i];
    printf("handover         %.1f %% to the thread that had it\n", (double)same / all * 100);
    for (unsigned i = 0; i < n && n <= MATRIX_MAX; i++) {
        printf("  from %2u to     ", i);
        for (unsigned j = 0; j < n; j++)
            printf(" %5.1f", (double)matrix[i * n + j] / all * 100);
        puts(i == 0 ? "   % of all" : "");
    }
}

static void print_range(const char *name, const uint64_t *ticks, unsigned n, double all)
{
    uint64_t least = ticks[0], most = ticks[0];
    for (unsigned i = 1; i < n; i++) {
        least = ticks[i] < least ? ticks[i] : least;
        most = ticks[i] > most ? ticks[i] : most;
    }
    printf("%-16s %.1f to %.1f %% of the time, jain %.3f\n", name, (double)least / all * 100,
           (double)most / all * 100, lab_jain(ticks, n));
}

static void print_opportunity(const struct lab_result *result)
{
    const unsigned n = result->threads;
    const struct lab_trace *trace = &result->trace;
    if (trace->count < 2)
        return;
    uint64_t held[LAB_THREADS_MAX];
    uint64_t idle = lab_trace_held(held, trace, n);
    const double all = (double)(trace->grants[trace->count - 1].left - trace->grants[0].got);
    print_range("held by a thread", held, n, all);
    lab_opportunity(held, n, idle);
    print_range("lock opportunity", held, n, all);
}

/* Returns 0 or ENOMEM. */
static int print_trace(const struct lab_result *result, const struct lab_plan *plan)
{
    int error = print_overtakes(result);
    print_handovers(result);
    if (plan->lock->read_lock && plan->reads > 0)
        puts("lock opportunity not defined where readers hold the lock together");
    else
        print_opportunity(result);
    return error;
}

static int run(int argc, char **argv)
{
    struct lab_workload workload = LAB_WORKLOAD_DEFAULT;
    workload.seconds = 1;
    int long_threads = 0, long_section = 50000;
    const struct qsc_option options[] = {
        LAB_WORKLOAD_OPTIONS(workload),
        LAB_SECONDS_OPTION(workload, ""),
        LAB_OPTION_INT("long-threads", long_threads, "N", "so many of the threads have longer sections", 0,
                       LAB_THREADS_MAX),
        LAB_OPTION_INT("long-section", long_section, "NS", "mean length of those", 0, LAB_LENGTH_MAX_NS),
        {0},
    };
    const struct lab_lock *lock;
    int status;
    if (!lab_parse(&lab_fair_command, &lock, 1, options, argc, argv, &status))
        return status;

    struct lab_plan plan = lab_workload_plan(&workload, lock);
    plan.waits = true;
    plan.trace = TRACED;
    plan.long_threads = (unsigned)long_threads;
    plan.long_section_ns = (uint64_t)long_section;
    struct lab_result result;
    if (!lab_run_or_complain(&result, &plan))
        return QSC_EXIT_FAILURE;
    printf("%s: ", lock->name);
    lab_workload_print(&plan, stdout);
    if (long_threads > 0)
        printf("%d of the threads have sections of %d ns\n", long_threads, long_section);
    print_share(&result);
    print_waits(&result);
    int error = print_trace(&result, &plan);
    lab_result_fini(&result);
    if (error)
        qsc_complain("fair: no memory to count overtakes");
    return error ? QSC_EXIT_FAILURE : QSC_EXIT_OK;
}

const struct qsc_command lab_fair_command = {
    .name = "fair",
    .usage = "LOCK [OPTIONS]",
    .summary = "shows how evenly threads pass through a lock, and the longest wait",
    .details = "Jain's index is 1 where all threads pass equally often and 1/N where one has it all.\n"
               "docs/lab.md tells how to read the rest.",
    .run = run,
};
