// What a run counts and what not, with planted locks that make each mistake visible.
#include "bench/lab/clock.h"
#include "bench/lab/fairness.h"
#include "tests/concurrency/failing.h"
#include "tests/concurrency/no_thread.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

enum { MS = 1000000 };

static void sleep_ms(int ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * MS}, NULL);
}

// What the planted locks below count; each run begins anew.
static uint64_t ended[4096];
static unsigned endings;
static atomic_uint arrived;

static bool any_late(const struct lab_result *result)
{
    for (unsigned i = 0; i < result->threads; i++) {
        if (result->of[i].late)
            return true;
    }
    return false;
}

// A run all of whose threads began before the warm-up was over, which on a busy machine may take a few.
static struct lab_result run_in_time(const struct lab_plan *plan)
{
    struct lab_result result = {0};
    do {
        lab_result_fini(&result);
        endings = 0;
        atomic_store(&arrived, 0);
        cr_assert_eq(lab_run(&result, plan), 0);
    } while (any_late(&result));
    return result;
}

static struct lab_result run(const struct lab_lock *lock, unsigned threads, uint64_t warm_up_ms,
                             uint32_t windows)
{
    const struct lab_plan plan = {.lock = lock,
                                  .threads = threads,
                                  .section_ns = 200,
                                  .outside_ns = 200,
                                  .warm_up_ns = warm_up_ms * MS,
                                  .windows = windows,
                                  .waits = true};
    return run_in_time(&plan);
}

TestSuite(run, .timeout = 60);

Test(run, every_lock_excludes)
{
    unsigned locks = 0;
    for (const struct lab_lock *lock = lab_lock_after(""); lock; lock = lab_lock_after(lock->name)) {
        for (unsigned reads = 0; reads <= 50; reads += 50) {
            const struct lab_plan plan = {
                .lock = lock, .threads = 3, .reads = reads, .warm_up_ns = MS, .windows = 2};
            struct lab_result result;
            cr_assert_eq(lab_run(&result, &plan), 0, "%s", lock->name);
            lab_result_fini(&result);
        }
        cr_assert_eq(lab_lock_find(lock->name), lock, "a name for each");
        locks++;
    }
    cr_assert_geq(locks, 12);
    cr_assert_null(lab_lock_find("no_such_lock"));
}

// A lock that only logs: when each pass of its one thread ended, by the clock of the run. Each takes a
// millisecond.
static void log_lock(void *lock, void *waiter)
{
    (void)lock, (void)waiter;
    sleep_ms(1);
}

static void log_unlock(void *lock, void *waiter)
{
    (void)lock, (void)waiter;
    if (endings < sizeof ended / sizeof *ended)
        ended[endings++] = lab_ticks();
}

static const struct lab_lock logging = {.name = "logging", .lock = log_lock, .unlock = log_unlock};

Test(run, only_passes_that_end_inside_of_the_time_count)
{
    struct lab_result result = run(&logging, 1, 30, 20);
    uint64_t inside = 0, window = (result.end - result.start) / 20;
    for (unsigned i = 0; i < endings; i++)
        inside += ended[i] >= result.start && ended[i] < result.end;
    cr_assert_gt((uint64_t)endings, inside, "some ended after the end, if none before the start");
    cr_assert_leq(result.of[0].passes, inside + 1, "%u passes in all", endings); // the log is a moment older
    cr_assert_geq(result.of[0].passes + 1, inside);
    uint64_t sum = 0;
    for (uint32_t w = 0; w < result.windows; w++)
        sum += result.of[0].counts[w];
    cr_assert_eq(sum, result.of[0].passes);
    cr_assert_eq(lab_result_passes(&result), sum);
    cr_assert_float_eq(lab_result_throughput(&result), (double)sum / 0.020, (double)sum,
                       "by the time of the windows");
    cr_assert_float_eq((double)window / lab_clock_get()->ticks_per_ns, MS, 10);
    lab_result_fini(&result);
}

Test(run, throughput_is_that_of_all_threads)
{
    struct lab_thread_result of[] = {{.passes = 30}, {.passes = 10}};
    const struct lab_result result = {
        .threads = 2, .windows = 20, .end = (uint64_t)(20 * MS * lab_clock_get()->ticks_per_ns), .of = of};
    cr_assert_float_eq(lab_result_throughput(&result), 40 / 0.020, 0.01);
}

// A lock that notes the shortest section.
static uint64_t section_began, shortest_section;

static void begin_section(void *lock, void *waiter)
{
    (void)lock, (void)waiter;
    section_began = lab_ticks();
}

static void end_section(void *lock, void *waiter)
{
    (void)lock, (void)waiter;
    uint64_t took = lab_ticks() - section_began;
    shortest_section = took < shortest_section ? took : shortest_section;
    endings++;
}

Test(run, sections_are_not_all_of_one_length)
{
    const struct lab_lock timing = {.name = "timing", .lock = begin_section, .unlock = end_section};
    const struct lab_plan plan = {
        .lock = &timing, .threads = 1, .section_ns = MS, .warm_up_ns = 10 * MS, .windows = 40};
    shortest_section = UINT64_MAX;
    do { // until there were some; to be disturbed makes a section longer only
        struct lab_result result = run_in_time(&plan);
        lab_result_fini(&result);
    } while (endings < 20);
    double shortest_ns = (double)shortest_section / lab_clock_get()->ticks_per_ns;
    cr_assert_lt(shortest_ns, 0.85 * MS, "%.0f ns", shortest_ns);
}

// A lock whose third thread is long on its way.
static atomic_uint joined, too_early;

static void slow_join(void *lock, void *waiter)
{
    (void)lock, (void)waiter;
    if (atomic_fetch_add(&joined, 1) % 10 == 2)
        sleep_ms(20);
    atomic_fetch_add(&joined, 10);
}

static void early_lock(void *lock, void *waiter)
{
    (void)lock, (void)waiter;
    if (atomic_load(&joined) != 33)
        atomic_fetch_add(&too_early, 1);
}

static void no_unlock(void *lock, void *waiter)
{
    (void)lock, (void)waiter;
    sleep_ms(1); // few passes
}

Test(run, no_thread_begins_before_all_are_ready)
{
    const struct lab_lock slow = {.name = "slow",
                                  .join = slow_join,
                                  .lock = early_lock,
                                  .unlock = no_unlock,
                                  .read_lock = early_lock,
                                  .read_unlock = no_unlock};
    const struct lab_plan plan = {
        .lock = &slow, .threads = 3, .reads = 100, .warm_up_ns = MS, .windows = 5, .waits = true};
    atomic_store(&joined, 0);
    atomic_store(&too_early, 0);
    struct lab_result result;
    cr_assert_eq(lab_run(&result, &plan), 0);
    cr_assert_eq(atomic_load(&too_early), 0);
    lab_result_fini(&result);
}

// A lock that starves the thread that comes second until long after the end.
static pthread_mutex_t inner = PTHREAD_MUTEX_INITIALIZER;
static __thread bool victim, seated;

static void starving_lock(void *lock, void *waiter)
{
    (void)lock, (void)waiter;
    if (!seated) {
        seated = true;
        victim = atomic_fetch_add(&arrived, 1) == 1;
        if (victim)
            sleep_ms(200);
    }
    pthread_mutex_lock(&inner);
}

static void starving_unlock(void *lock, void *waiter)
{
    (void)lock, (void)waiter;
    pthread_mutex_unlock(&inner);
}

static const struct lab_lock starving = {
    .name = "starving", .lock = starving_lock, .unlock = starving_unlock};

Test(run, a_wait_that_does_not_end_in_time_is_the_longest_and_shows_as_unfair)
{
    struct lab_result result = run(&starving, 2, 20, 40);
    unsigned starved = result.of[0].passes < result.of[1].passes ? 0 : 1;
    const struct lab_thread_result *loser = &result.of[starved];
    cr_assert_eq(loser->passes, 0);
    cr_assert_float_eq((double)loser->longest_wait_ns, 40.0 * MS, 1000, "%llu ns",
                       (unsigned long long)loser->longest_wait_ns);
    uint64_t counts[] = {result.of[0].passes, result.of[1].passes};
    cr_assert_float_eq(lab_jain(counts, 2), 0.5, 1e-9);
    cr_assert_float_eq(lab_jain_over(&result, 10).mean, 0.5, 1e-9);
    lab_result_fini(&result);
}

Test(run, a_wait_that_does_not_end_is_overtaken_by_all)
{
    const struct lab_plan plan = {
        .lock = &starving, .threads = 2, .warm_up_ns = 20 * MS, .windows = 20, .waits = true, .trace = 500};
    struct lab_result result = run_in_time(&plan);
    struct lab_overtakes overtakes;
    cr_assert_eq(lab_trace_overtakes(&overtakes, &result.trace), 0);
    cr_assert_eq(result.trace.count, 500, "%u, as many as there is room for", result.trace.count);
    cr_assert_eq(overtakes.most, 500, "%u", overtakes.most);
    lab_result_fini(&result);
}

Test(run, the_trace_has_each_pass_of_the_time)
{
    const struct lab_plan plan = {.lock = lab_lock_find("qsc_ticket"),
                                  .threads = 1,
                                  .section_ns = 1000,
                                  .long_threads = 1,
                                  .long_section_ns = 2 * MS,
                                  .warm_up_ns = 5 * MS,
                                  .windows = 30,
                                  .waits = true,
                                  .trace = 1000};
    struct lab_result result = run_in_time(&plan);
    uint64_t held;
    cr_assert_lt(result.of[0].passes, 31, "the first thread has longer sections");
    cr_assert_leq(result.trace.count, result.of[0].passes + 1);
    cr_assert_leq(result.of[0].passes, result.trace.count + 1u);
    uint64_t idle = lab_trace_held(&held, &result.trace, 1);
    cr_assert_gt(held, idle);
    for (uint32_t i = 0; i < result.trace.count; i++) {
        const struct lab_grant *grant = &result.trace.grants[i];
        cr_assert(grant->asked <= grant->got && grant->got <= grant->left);
        cr_assert(grant->got >= result.start && grant->got < result.end);
    }
    lab_result_fini(&result);
}

// A lock that stalls once, for 50 ms, a while after the first pass.
static unsigned calls;

static void stalling_lock(void *lock, void *waiter)
{
    (void)lock, (void)waiter;
    if (++calls == 3000)
        sleep_ms(50);
}

static void nothing(void *lock, void *waiter)
{
    (void)lock, (void)waiter;
}

static double ms_at(const struct qsc_histogram *histogram, double quantile)
{
    return (double)qsc_histogram_quantile(histogram, quantile) / MS;
}

// One run of the lock above in whose time it stalled, which on a busy machine may take a few.
static struct lab_result run_with_a_stall(uint64_t outside_ns, uint64_t interval_ns)
{
    static const struct lab_lock stalling = {.name = "stalling", .lock = stalling_lock, .unlock = nothing};
    const struct lab_plan plan = {.lock = &stalling,
                                  .threads = 1,
                                  .section_ns = 100,
                                  .outside_ns = outside_ns,
                                  .interval_ns = interval_ns,
                                  .warm_up_ns = 5 * MS,
                                  .windows = 250,
                                  .waits = true,
                                  .latencies = true};
    struct lab_result result = {0};
    do {
        lab_result_fini(&result);
        calls = 0;
        cr_assert_eq(lab_run(&result, &plan), 0);
    } while (result.of[0].longest_wait_ns < 45 * MS || calls < 5000);
    return result;
}

// A stall of a fifth of the time is one wait of a closed loop, below any percentile that it has. The open
// loop has the passes that were to begin meanwhile.
Test(run, a_stall_shows_in_the_percentiles_of_the_open_loop_and_not_of_the_closed_one)
{
    struct lab_result closed = run_with_a_stall(10000, 0);
    cr_assert_lt(ms_at(&closed.of[0].latencies->asked, 0.99), 5);
    cr_assert_eq(closed.of[0].latencies->intended.count, 0, "a closed loop has no such times");
    lab_result_fini(&closed);

    struct lab_result open = run_with_a_stall(0, 10000);
    const struct lab_latencies *latencies = open.of[0].latencies;
    cr_assert_gt(ms_at(&latencies->intended, 0.9), 5, "%.3f ms", ms_at(&latencies->intended, 0.9));
    cr_assert_lt(ms_at(&latencies->asked, 0.99), 5, "asked for when the stall was over");
    cr_assert_gt(latencies->intended.count, 12000, "as many as were to begin in 250 ms");
    cr_assert_lt(latencies->intended.count, 50000);
    lab_result_fini(&open);
}

Test(run, passes_that_never_began_are_in_the_open_loop)
{
    const struct lab_plan plan = {.lock = &starving,
                                  .threads = 2,
                                  .interval_ns = MS / 10,
                                  .warm_up_ns = 20 * MS,
                                  .windows = 40,
                                  .waits = true,
                                  .latencies = true};
    struct lab_result result = run_in_time(&plan);
    const struct lab_latencies *latencies =
        result.of[result.of[0].passes < result.of[1].passes ? 0 : 1].latencies;
    cr_assert_eq(latencies->asked.count, 0, "its only wait began in the warm-up");
    cr_assert_gt(latencies->missed, 200);
    cr_assert_eq(latencies->intended.count, latencies->missed);
    cr_assert_float_eq(ms_at(&latencies->intended, 0.5), 20, 10, "%.3f ms", ms_at(&latencies->intended, 0.5));
    lab_result_fini(&result);
}

// A lock before which every second thread sleeps.
static __thread bool slowed;

static void unfair_join(void *lock, void *waiter)
{
    (void)lock, (void)waiter;
    slowed = atomic_fetch_add(&arrived, 1) % 2;
}

static void unfair_lock(void *lock, void *waiter)
{
    (void)lock, (void)waiter;
    if (slowed)
        sleep_ms(2);
    pthread_mutex_lock(&inner);
}

Test(run, an_unfair_lock_moves_the_index)
{
    const struct lab_lock unfair = {
        .name = "unfair", .join = unfair_join, .lock = unfair_lock, .unlock = starving_unlock};
    double jain = 1, upper = 0.5;
    for (int i = 0; i < 50 && jain > 0.75; i++) { // until the thread that does not sleep was let run
        struct lab_result result = run(&unfair, 2, 10, 100);
        uint64_t counts[] = {result.of[0].passes, result.of[1].passes};
        jain = lab_jain(counts, 2);
        upper = lab_upper_half(counts, 2);
        lab_result_fini(&result);
    }
    cr_assert_leq(jain, 0.75);
    cr_assert_gt(upper, 0.75);
}

static void no_lock(void *lock, void *waiter)
{
    (void)lock, (void)waiter;
}

#if !defined(__SANITIZE_THREAD__) // which calls it a race, as it is
Test(run, a_lock_that_lets_two_in_gives_no_result)
{
    const struct lab_lock broken = {.name = "broken", .lock = no_lock, .unlock = no_lock};
    const struct lab_plan plan = {.lock = &broken, .threads = 2, .section_ns = 100000, .windows = 100};
    struct lab_result result;
    int error = 0;
    for (int i = 0; i < 50 && error == 0; i++) { // until one is inside when the other comes
        error = lab_run(&result, &plan);
        lab_result_fini(&result);
    }
    cr_assert_eq(error, ENOTRECOVERABLE);
}
#endif

#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__) // which count what it loses
static void stuck_lock(void *lock, void *waiter)
{
    (void)lock, (void)waiter;
    for (;;)
        sleep_ms(1000);
}

Test(run, a_thread_that_does_not_come_back_is_an_error)
{
    const struct lab_lock stuck = {.name = "stuck", .lock = stuck_lock, .unlock = no_lock};
    const struct lab_plan plan = {.lock = &stuck, .threads = 2, .windows = 200, .patience_ns = 20 * MS};
    struct lab_result result;
    int error = 0;
    for (int i = 0; i < 50 && error == 0; i++) { // until a thread came before the end
        error = lab_run(&result, &plan);
        lab_result_fini(&result);
    }
    cr_assert_eq(error, ETIMEDOUT);
}
#endif

static int init_fails(void *lock)
{
    (void)lock;
    return EPERM;
}

Test(run, a_lock_that_cannot_be_made_is_an_error)
{
    const struct lab_lock failing = {
        .name = "failing", .init = init_fails, .lock = no_lock, .unlock = no_lock};
    const struct lab_plan plan = {.lock = &failing, .threads = 1, .windows = 1};
    struct lab_result result;
    cr_assert_eq(lab_run(&result, &plan), EPERM);
}

Test(run, a_thread_that_cannot_be_had_is_an_error)
{
    const struct lab_plan plan = {.lock = lab_lock_find("qsc_tas"), .threads = 5, .windows = 1};
    struct lab_result result;
    no_thread_error = EAGAIN;
    no_thread_after = 2;
    failing_at(-1);
    cr_assert_eq(lab_run(&result, &plan), EAGAIN);
    cr_assert_eq(failing_live(), 0);
    failing_off();
    no_thread_error = 0;
}

Test(run, memory_that_cannot_be_had_is_an_error)
{
    const struct lab_plan plan = {.lock = lab_lock_find("qsc_mcs"),
                                  .threads = 2,
                                  .locks = 2,
                                  .background = 1,
                                  .windows = 1,
                                  .waits = true,
                                  .trace = 9,
                                  .latencies = true};
    for (long k = 0; k == 0 || failing_happened(); k++) {
        struct lab_result result;
        failing_at(k);
        int error = lab_run(&result, &plan);
        cr_assert_eq(error, failing_happened() ? ENOMEM : 0);
        lab_result_fini(&result);
        cr_assert_eq(failing_live(), 0);
    }
    failing_off();
}

// Counts which kind of pass was asked for.
static atomic_uint reads_asked, writes_asked;

static void count_read(void *lock, void *waiter)
{
    (void)lock, (void)waiter;
    atomic_fetch_add(&reads_asked, 1);
}

static void count_write(void *lock, void *waiter)
{
    (void)lock, (void)waiter;
    atomic_fetch_add(&writes_asked, 1);
}

Test(run, reads_and_writes_are_drawn_and_counted_apart)
{
    const struct lab_lock counting = {.name = "counting",
                                      .lock = count_write,
                                      .unlock = no_lock,
                                      .read_lock = count_read,
                                      .read_unlock = no_lock};
    const struct lab_plan plan = {.lock = &counting,
                                  .threads = 1,
                                  .section_ns = 1000,
                                  .reads = 75,
                                  .warm_up_ns = 10 * MS,
                                  .windows = 20};
    atomic_store(&reads_asked, 0);
    atomic_store(&writes_asked, 0);
    struct lab_result result = run_in_time(&plan);
    double asked = atomic_load(&reads_asked), share = asked / (asked + atomic_load(&writes_asked));
    cr_assert_float_eq(share, 0.75, 0.15, "%.3f", share);
    cr_assert_leq(result.of[0].reads, atomic_load(&reads_asked));
    cr_assert_leq(result.of[0].passes - result.of[0].reads, atomic_load(&writes_asked));
    lab_result_fini(&result);
}

Test(run, pinned_threads_run_too)
{
    const struct lab_plan plan = {
        .lock = lab_lock_find("qsc_mutex"), .threads = 4, .windows = 3, .pin = true, .warm_up_ns = MS};
    struct lab_result result;
    cr_assert_eq(lab_run(&result, &plan), 0);
    lab_result_fini(&result);
}

// Several locks: each excludes by itself, and a thread has a waiter for each.
Test(run, passes_are_shared_out_to_several_locks)
{
    const char *const names[] = {"qsc_mutex", "qsc_mcs", "qsc_clh", "qsc_brlock"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        const struct lab_plan plan = {.lock = lab_lock_find(names[i]),
                                      .threads = 3,
                                      .locks = 20,
                                      .skew = 1,
                                      .lines = 3,
                                      .reads = 30,
                                      .section_ns = 200,
                                      .windows = 5,
                                      .warm_up_ns = MS};
        struct lab_result result;
        cr_assert_eq(lab_run(&result, &plan), 0, "%s", names[i]);
        lab_result_fini(&result);
    }
}

// Notes which locks it is called for, and what the section did to the lines before it.
static void *taken[2];
static unsigned takings;

static void note_lock(void *lock, void *waiter)
{
    (void)waiter;
    if (takings == 0)
        taken[0] = lock;
    if (lock != taken[0])
        taken[1] = lock;
    takings++;
}

static uint64_t lines_written;

static void note_lines(void *lock, void *waiter)
{
    (void)waiter;
    const uint64_t *line = lock; // the three lines stand before the lock
    lines_written = 0;
    for (int i = 1; i <= 3; i++)
        lines_written += line[-8 * i] > 0;
    sleep_ms(1);
}

Test(run, each_pass_takes_one_of_the_locks_and_touches_all_lines)
{
    const struct lab_lock noting = {.name = "noting", .lock = note_lock, .unlock = note_lines};
    const struct lab_plan plan = {
        .lock = &noting, .threads = 1, .locks = 2, .lines = 3, .windows = 40, .warm_up_ns = MS};
    takings = 0;
    struct lab_result result = run_in_time(&plan);
    lab_result_fini(&result);
    cr_assert_gt(takings, 20);
    cr_assert_not_null(taken[1]);
    cr_assert_eq(lines_written, 3);
}

Test(run, load_in_the_background_takes_no_lock)
{
    const struct lab_plan plan = {
        .lock = &logging, .threads = 1, .background = 3, .windows = 10, .warm_up_ns = 30 * MS};
    struct lab_result result = run_in_time(&plan);
    cr_assert_eq(result.threads, 1);
    cr_assert_leq(lab_result_passes(&result), 11);
    lab_result_fini(&result);
}

static unsigned made, unmade;

static int second_init_fails(void *lock)
{
    (void)lock;
    return ++made == 2 ? EPERM : 0;
}

static void count_fini(void *lock)
{
    (void)lock;
    unmade++;
}

Test(run, locks_that_were_made_before_one_that_could_not_be_are_unmade)
{
    const struct lab_lock failing = {
        .name = "failing", .init = second_init_fails, .fini = count_fini, .lock = no_lock, .unlock = no_lock};
    const struct lab_plan plan = {.lock = &failing, .threads = 1, .locks = 3, .windows = 1};
    struct lab_result result;
    cr_assert_eq(lab_run(&result, &plan), EPERM);
    cr_assert_eq(unmade, 1);
}
