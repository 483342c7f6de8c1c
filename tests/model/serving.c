#include "../../model/serving_figures.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <quiesce/concurrency/alloc.h>
#include <stdlib.h>

/* The version oracle: a model of stamped tensors in the place of a BERT. */

enum { TENSORS = 48, FLOATS = 64, SOURCES = 5, QUESTIONS = 7 };

struct stamped {
    uint64_t tensors[TENSORS][FLOATS]; /* every element says which version and tensor it belongs to */
};

static uint64_t stamp_of(int source, int tensor)
{
    return (uint64_t)(source + 1) * 0x9e3779b97f4a7c15u ^ (uint64_t)tensor << 17;
}

static int build(void *context, int source, void **object, uint64_t *bytes)
{
    (void)context;
    struct stamped *made = qsc_alloc(sizeof *made);
    if (!made)
        return ENOMEM;
    for (int t = 0; t < TENSORS; t++) {
        for (int i = 0; i < FLOATS; i++)
            made->tensors[t][i] = stamp_of(source, t);
    }
    *object = made;
    *bytes = sizeof *made;
    return 0;
}

static void destroy(void *object)
{
    struct stamped *stamped = object;
    for (int t = 0; t < TENSORS; t++)
        stamped->tensors[t][0] = 0; /* a reader that is still in sees it, with or without a sanitizer */
    qsc_free(object);
}

/* Reads one element of each tensor, another one for each question. */
static int answer(void *context, int reader, const void *object, int question, uint64_t *fingerprint)
{
    (void)context, (void)reader;
    const struct stamped *stamped = object;
    uint64_t sum = (uint64_t)question;
    for (int turn = 0; turn < 40; turn++) {
        for (int t = 0; t < TENSORS; t++)
            sum = sum * 31 + stamped->tensors[t][(question + turn) % FLOATS];
    }
    *fingerprint = sum;
    return 0;
}

static const struct qsc_serving_model oracle = {NULL, SOURCES, QUESTIONS, build, destroy, answer};

static const struct qsc_serving_config quick = {.seed = 1,
                                                .rounds = 2,
                                                .latency_seconds = 0.15,
                                                .crowd_seconds = 0.05,
                                                .interval_ms = 1,
                                                .window_ms = 0.3,
                                                .bounds = {.max_live_versions = 3}};

static struct qsc_serving_results results;

Test(serving, no_guard_lets_an_answer_mix_versions)
{
    cr_assert_eq(qsc_serving_run(&oracle, &quick, &results), 0);
    for (int kind = 0; kind < QSC_GUARD_KINDS; kind++) {
        const struct qsc_serving_figures *figures = &results.guards[kind];
        const char *name = qsc_guard_name((enum qsc_guard_kind)kind);
        cr_assert_eq(figures->mixed_answers, 0, "%s", name);
        cr_assert_gt(figures->answers, 1000, "%s: %lu", name, figures->answers);
        cr_assert_gt(figures->versions, 50, "%s: %lu", name, figures->versions);
        cr_assert_geq(figures->live_versions_max, 2);
        cr_assert_leq(figures->live_versions_max, 3);
        cr_assert_leq(figures->live_bytes_max, 3 * sizeof(struct stamped));
        cr_assert_gt(figures->requests_per_s, 0);
        cr_assert_gt(figures->swap_requests, 0);
        cr_assert_gt(figures->quiet_requests, 0);
        cr_assert_leq(figures->swap_requests + figures->quiet_requests, figures->requests);
        cr_assert(figures->p50_us > 0 && figures->p50_us <= figures->p99_us &&
                  figures->p999_us <= figures->max_us);
        cr_assert_eq(figures->wait.count, figures->requests);
    }
    qsc_serving_results_fini(&results);
}

/* The planted bug: every version lives in the same memory and is overwritten in place, as servers do that
 * copy new weights into the old tensors. The accesses are atomic so that the oracle finds it, and not
 * ThreadSanitizer. */

static struct stamped in_place;

static int overwrite(void *context, int source, void **object, uint64_t *bytes)
{
    (void)context;
    for (int t = 0; t < TENSORS; t++) {
        for (int i = 0; i < FLOATS; i++)
            __atomic_store_n(&in_place.tensors[t][i], stamp_of(source, t), __ATOMIC_RELAXED);
    }
    *object = &in_place;
    *bytes = sizeof in_place;
    return 0;
}

static void keep(void *object)
{
    (void)object;
}

static int answer_in_place(void *context, int reader, const void *object, int question, uint64_t *fingerprint)
{
    (void)context, (void)reader;
    const struct stamped *stamped = object;
    uint64_t sum = (uint64_t)question;
    for (int turn = 0; turn < 40; turn++) {
        for (int t = 0; t < TENSORS; t++)
            sum = sum * 31 +
                  __atomic_load_n(&stamped->tensors[t][(question + turn) % FLOATS], __ATOMIC_RELAXED);
    }
    *fingerprint = sum;
    return 0;
}

Test(serving, weights_overwritten_in_place_are_caught)
{
    const struct qsc_serving_model planted = {NULL, SOURCES, QUESTIONS, overwrite, keep, answer_in_place};
    cr_assert_eq(qsc_serving_run(&planted, &quick, &results), 0);
    for (int kind = 0; kind < QSC_GUARD_KINDS; kind++)
        cr_assert_gt(results.guards[kind].mixed_answers, 0, "%s", qsc_guard_name((enum qsc_guard_kind)kind));
    qsc_serving_results_fini(&results);
}

static int answer_alike(void *context, int reader, const void *object, int question, uint64_t *fingerprint)
{
    (void)context, (void)reader, (void)object;
    *fingerprint = (uint64_t)question;
    return 0;
}

Test(serving, versions_that_cannot_be_told_apart_are_refused)
{
    const struct qsc_serving_model alike = {NULL, SOURCES, QUESTIONS, build, destroy, answer_alike};
    cr_assert_eq(qsc_serving_run(&alike, &quick, &results), EINVAL);
    struct qsc_serving_model one = oracle;
    one.sources = 1;
    cr_assert_eq(qsc_serving_run(&one, &quick, &results), EINVAL);
}

/* The k-th build or answer fails; whatever was begun is ended. */
static int calls, failing;

static int failing_build(void *context, int source, void **object, uint64_t *bytes)
{
    return __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) == failing ? ENOMEM
                                                                      : build(context, source, object, bytes);
}

static int failing_answer(void *context, int reader, const void *object, int question, uint64_t *fingerprint)
{
    if (__atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) == failing)
        return EIO;
    return answer(context, reader, object, question, fingerprint);
}

Test(serving, a_failing_model_ends_the_load_with_its_code)
{
    struct qsc_serving_config brief = quick;
    brief.rounds = 1;
    for (failing = 1; failing <= 40; failing += 3) {
        struct qsc_serving_model model = oracle;
        model.build = failing_build;
        calls = 0;
        cr_assert_eq(qsc_serving_run(&model, &brief, &results), ENOMEM, "build %d", failing);
        model = oracle;
        model.answer = failing_answer;
        calls = 0;
        cr_assert_eq(qsc_serving_run(&model, &brief, &results), EIO, "answer %d", failing);
    }
}

/* The figures, from a round that is written down here. */

static const uint64_t MS = 1000000, US = 1000;

enum preempted { NEVER, IN_WAIT, LATER };

static struct qsc_serving_request request_at(uint64_t begin, uint64_t wait, uint64_t length,
                                             enum preempted when)
{
    return (struct qsc_serving_request){begin, begin + wait, begin + length, when == IN_WAIT, when != NEVER};
}

Test(serving, requests_are_counted_by_when_they_begin_and_waits_by_what_they_overlap)
{
    struct qsc_serving_swap swaps[] = {
        {0, 1 * MS, 1 * MS + 5 * US, 0},
        {98 * MS, 100 * MS, 100 * MS + 5 * US, 101 * MS},  /* its window ends at 105 */
        {198 * MS, 200 * MS, 200 * MS + 9 * US, 209 * MS}, /* the replaced version outlives the window */
    };
    struct qsc_serving_request requests[] = {
        request_at(50 * MS, 0, 100 * US, NEVER),              /* quiet */
        request_at(60 * MS, 0, 4000 * US, LATER),             /* quiet, but disturbed */
        request_at(98 * MS + 500 * US, 100, 200 * US, NEVER), /* while a version is built */
        request_at(99 * MS + 990 * US, 30 * US, 300 * US,
                   NEVER),                                  /* the same; its wait reaches into the publish */
        request_at(100 * MS + 1, 40 * US, 400 * US, NEVER), /* swap; waits during the publish */
        request_at(100 * MS + 2, 900 * US, 1000 * US, IN_WAIT), /* swap; preempted in its wait: no stall */
        request_at(104 * MS, 70 * US, 500 * US, NEVER),         /* swap, but the replaced version is gone */
        request_at(106 * MS, 3 * US, 100 * US, NEVER),          /* quiet */
        request_at(208 * MS, 50 * US, 100 * US, NEVER), /* quiet; a wait before the replaced one is gone */
    };
    struct qsc_serving_trace trace = {.requests = requests,
                                      .request_count = sizeof requests / sizeof *requests,
                                      .swaps = swaps,
                                      .swap_count = sizeof swaps / sizeof *swaps};
    static struct qsc_serving_figures figures;
    struct qsc_serving_tally tally;
    cr_assert_eq(qsc_serving_tally_init(&tally, 1), 0);
    cr_assert_eq(qsc_serving_tally_latencies(&tally, &figures, &trace, 5), 0);
    qsc_serving_tally_finish(&tally, &figures);
    qsc_serving_tally_fini(&tally);
    cr_assert_eq(figures.requests, 9);
    cr_assert_eq(figures.swap_requests, 3);
    cr_assert_eq(figures.quiet_requests, 4);
    cr_assert_eq(figures.preempted_swap_requests, 1);
    cr_assert_eq(figures.preempted_quiet_requests, 1);
    cr_assert_float_eq(figures.publish_stall_us, 50, 0.001);
    cr_assert_float_eq(figures.quiet_wait_us, 70, 0.001);
    cr_assert_eq(figures.preempted_waits, 1);
    cr_assert_float_eq(figures.preempted_wait_us, 900, 0.001);
    cr_assert_float_eq(figures.p99_swap_us, 500, 4);
    cr_assert_float_eq(figures.p99_quiet_us, 100, 0.8);
    cr_assert_float_eq(figures.p99_swap_all_us, 1000, 8);
    cr_assert_float_eq(figures.p99_quiet_all_us, 4000, 32);
    cr_assert_float_eq(figures.p99_build_us, 300, 2.4);
    cr_assert_float_eq(figures.max_us, 4000, 0.001);
    cr_assert_float_eq(figures.gone_max_us, 9000, 0.001);
    cr_assert_float_eq(figures.publish_max_us, 9, 0.001);
}
