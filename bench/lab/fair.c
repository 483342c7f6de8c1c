/* qsc-lab fair: how evenly threads pass through a lock, and how long one waits at most. */
#include "commands.h"
#include "fairness.h"

#include <inttypes.h>

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

static int run(int argc, char **argv)
{
    struct lab_workload workload = LAB_WORKLOAD_DEFAULT;
    double seconds = 1;
    const struct qsc_option options[] = {
        LAB_WORKLOAD_OPTIONS(workload),
        {.name = "seconds",
         .kind = QSC_OPTION_REAL,
         .target = &seconds,
         .value = "S",
         .help = "time of measurement, after a tenth of it to warm up",
         .min = 0.01,
         .max = LAB_SECONDS_MAX},
        {0},
    };
    const struct lab_lock *lock;
    int status;
    if (!lab_parse(&lab_fair_command, &lock, 1, options, argc, argv, &status))
        return status;

    struct lab_plan plan = lab_workload_plan(&workload, lock);
    plan.windows = (uint32_t)(seconds * (1e9 / LAB_WINDOW_NS));
    plan.warm_up_ns = (uint64_t)(seconds * 1e8) + 10000000;
    plan.waits = true;
    struct lab_result result;
    if (!lab_run_or_complain(&result, &plan))
        return QSC_EXIT_FAILURE;
    printf("%s: ", lock->name);
    lab_workload_print(&plan, stdout);
    print_share(&result);
    print_waits(&result);
    lab_result_fini(&result);
    return QSC_EXIT_OK;
}

const struct qsc_command lab_fair_command = {
    .name = "fair",
    .usage = "LOCK [OPTIONS]",
    .summary = "shows how evenly threads pass through a lock, and the longest wait",
    .details = "Jain's index is 1 where all threads pass equally often and 1/N where one has it all.\n"
               "docs/lab.md tells how to read the rest.",
    .run = run,
};
