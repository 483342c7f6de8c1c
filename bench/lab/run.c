/* The life of a run: its threads, the gate before which they wait for each other, and the end. */
#include "run.h"

#include "clock.h"
#include "machine.h"
#include "pass.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>

enum gate { CLOSED, OPEN, ABANDONED };

struct run {
    struct lab_course course;

    pthread_mutex_t mutex;
    pthread_cond_t changed;
    unsigned ready, finished; /* threads */
    enum gate gate;

    _Alignas(LAB_LINE) char places[];
};

struct thread {
    struct lab_passer passer;
    struct run *run;
    pthread_t id;
    int cpu; /* -1: any */
    bool background;
    uint64_t preempted;
};

static unsigned lock_count(const struct lab_plan *plan)
{
    return plan->locks > 1 ? plan->locks : 1;
}

static unsigned thread_count(const struct lab_plan *plan)
{
    return plan->threads + plan->background;
}

static void compute_until_end(const struct lab_course *course)
{
    while (lab_ticks() < course->end)
        lab_work(1000);
}

static uint64_t involuntary_switches(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_THREAD, &usage) == 0 ? (uint64_t)usage.ru_nivcsw : 0;
}

/* Says that it is ready and waits for all others. Returns whether to go on. */
static bool stand_at_gate(struct run *run)
{
    pthread_mutex_lock(&run->mutex);
    run->ready++;
    pthread_cond_broadcast(&run->changed);
    while (run->gate == CLOSED)
        pthread_cond_wait(&run->changed, &run->mutex);
    bool open = run->gate == OPEN;
    pthread_mutex_unlock(&run->mutex);
    return open;
}

static void *run_thread(void *arg)
{
    struct thread *self = arg;
    struct run *run = self->run;
    const struct lab_lock *kind = run->course.plan.lock;
    if (self->cpu >= 0 && qsc_port_thread_pin(pthread_self(), self->cpu) != 0)
        self->cpu = -1; /* it was taken away meanwhile */
    const unsigned locks = self->background ? 0 : lock_count(&run->course.plan);
    for (unsigned i = 0; kind->join && i < locks; i++)
        kind->join(lab_lock_at(&run->course, i), lab_waiter_at(&self->passer, i));
    bool open = stand_at_gate(run);
    if (open && self->background) {
        compute_until_end(&run->course);
    } else if (open) {
        uint64_t before = involuntary_switches();
        lab_pass_until_end(&self->passer);
        self->preempted = involuntary_switches() - before;
    }
    pthread_mutex_lock(&run->mutex);
    run->finished++; /* before leave, which may wait for a lock that a thread never gave back */
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->mutex);
    for (unsigned i = 0; kind->leave && i < locks; i++)
        kind->leave(lab_lock_at(&run->course, i), lab_waiter_at(&self->passer, i));
    return NULL;
}

static struct timespec after(uint64_t ns)
{
    uint64_t then = qsc_port_now_ns() + ns;
    return (struct timespec){(time_t)(then / 1000000000), (long)(then % 1000000000)};
}

/* The time starts when the last thread is ready: creating them may take longer than the run. Returns 0 or
 * ETIMEDOUT. */
static int open_gate(struct run *run)
{
    const struct lab_plan *plan = &run->course.plan;
    double ticks_per_ns = lab_clock_get()->ticks_per_ns;
    uint64_t warm_up = (uint64_t)((double)plan->warm_up_ns * ticks_per_ns);
    uint64_t patience = plan->patience_ns ? plan->patience_ns : 10000000000;

    pthread_mutex_lock(&run->mutex);
    while (run->ready < thread_count(plan))
        pthread_cond_wait(&run->changed, &run->mutex);
    run->course.start = lab_ticks() + warm_up;
    run->course.end = run->course.start + plan->windows * run->course.window;
    run->gate = OPEN;
    pthread_cond_broadcast(&run->changed);
    struct timespec deadline = after(plan->warm_up_ns + (uint64_t)plan->windows * LAB_WINDOW_NS + patience);
    int error = 0;
    while (run->finished < thread_count(plan) && error == 0)
        error = pthread_cond_clockwait(&run->changed, &run->mutex, CLOCK_MONOTONIC, &deadline);
    bool all = run->finished == thread_count(plan);
    pthread_mutex_unlock(&run->mutex);
    return all ? 0 : ETIMEDOUT;
}

static void abandon(struct run *run)
{
    pthread_mutex_lock(&run->mutex);
    run->gate = ABANDONED;
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->mutex);
}

/* Starts the threads, and ends them. Returns 0, EAGAIN or ETIMEDOUT. */
static int run_threads(struct run *run, struct thread *threads)
{
    unsigned started = 0;
    int error = 0;
    while (started < thread_count(&run->course.plan) && error == 0) {
        error = qsc_port_thread_create(&threads[started].id, run_thread, &threads[started]);
        started += error == 0;
    }
    if (error)
        abandon(run);
    else if (open_gate(run) != 0)
        return ETIMEDOUT;
    for (unsigned i = 0; i < started; i++)
        pthread_join(threads[i].id, NULL);
    return error;
}

static int run_and_watch(struct lab_result *result, struct run *run, struct thread *threads)
{
    uint64_t all, stolen, all_after, stolen_after;
    bool known = lab_jiffies(&all, &stolen);
    int error = run_threads(run, threads);
    known = lab_jiffies(&all_after, &stolen_after) && known;
    result->steal =
        known && all_after > all ? (double)(stolen_after - stolen) / (double)(all_after - all) : -1;
    return error;
}

/* The processors that the process may use, round and round. */
static void place_threads(struct thread *threads, unsigned count)
{
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        return; /* more processors than the set has bits for */
    size_t cpu = CPU_SETSIZE - 1;
    for (unsigned i = 0; i < count; i++) {
        do
            cpu = (cpu + 1) % CPU_SETSIZE;
        while (!CPU_ISSET(cpu, &allowed));
        threads[i].cpu = (int)cpu;
    }
}

/* Returns whether there was the memory. */
static bool make_passer(struct lab_passer *passer, struct lab_course *course, uint32_t index)
{
    const struct lab_plan *plan = &course->plan;
    *passer =
        (struct lab_passer){.course = course, .index = index, .random = (index + 1) * 0x9e3779b97f4a7c15u};
    passer->waiters = lab_zeroed_lines(lock_count(plan) * lab_waiter_bytes(plan->lock));
    passer->counts = lab_zeroed_lines((plan->windows + 2) * sizeof *passer->counts);
    if (plan->latencies)
        passer->latencies = lab_zeroed_lines(sizeof *passer->latencies);
    return passer->waiters && passer->counts && (!plan->latencies || passer->latencies);
}

static void free_threads(struct thread *threads, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        qsc_free(threads[i].passer.waiters);
        qsc_free(threads[i].passer.counts);
        qsc_free(threads[i].passer.latencies);
    }
    qsc_free(threads);
}

/* Returns NULL where there is no memory. */
static struct thread *make_threads(struct run *run)
{
    const struct lab_plan *plan = &run->course.plan;
    const unsigned count = thread_count(plan);
    struct thread *threads = lab_zeroed_lines(count * sizeof *threads);
    if (!threads)
        return NULL;
    for (unsigned i = 0; i < count; i++) {
        threads[i].run = run;
        threads[i].cpu = -1;
        threads[i].background = i >= plan->threads;
        if (!threads[i].background && !make_passer(&threads[i].passer, &run->course, i)) {
            free_threads(threads, i + 1);
            return NULL;
        }
    }
    if (plan->pin)
        place_threads(threads, count);
    return threads;
}

static void fill_lengths(struct lab_course *course, const struct lab_clock *clock)
{
    const struct lab_plan *plan = &course->plan;
    lab_lengths_fill(&course->section, plan->shape, (double)plan->section_ns * clock->steps_per_ns);
    lab_lengths_fill(&course->long_section, plan->shape, (double)plan->long_section_ns * clock->steps_per_ns);
    lab_lengths_fill(&course->outside, plan->shape, (double)plan->outside_ns * clock->steps_per_ns);
    lab_lengths_fill(&course->interval, LAB_EXPONENTIAL, (double)plan->interval_ns * clock->ticks_per_ns);
}

static struct run *make_run(const struct lab_plan *plan)
{
    const struct lab_clock *clock = lab_clock_get();
    const unsigned locks = lock_count(plan), lines = plan->lines > 1 ? plan->lines : 1;
    const size_t lock_offset = (size_t)lines * LAB_LINE;
    const size_t place_bytes = lock_offset + lab_whole_lines(plan->lock->lock_size);
    struct run *run = lab_zeroed_lines(sizeof *run + locks * place_bytes);
    struct lab_zipf *zipf = locks > 1 ? lab_zipf_make(locks, plan->skew) : NULL;
    /* Written to now, so that no page comes into being inside of a section. */
    struct lab_grant *grants =
        plan->trace > 0 ? lab_zeroed_lines(((size_t)plan->trace + plan->threads) * sizeof *grants) : NULL;
    if (!run || (locks > 1 && !zipf) || (plan->trace > 0 && !grants)) {
        qsc_free(grants);
        qsc_free(zipf);
        qsc_free(run);
        return NULL;
    }
    run->course = (struct lab_course){
        .plan = *plan,
        .zipf = zipf,
        .crowded = thread_count(plan) > (unsigned)qsc_port_processors(),
        .places = run->places,
        .place_bytes = place_bytes,
        .lock_offset = lock_offset,
        .grants = grants,
        .window = (uint64_t)(LAB_WINDOW_NS * clock->ticks_per_ns),
        .stride_ticks = (uint64_t)(1000 * clock->ticks_per_ns),
        .ns_per_tick = 1 / clock->ticks_per_ns,
    };
    fill_lengths(&run->course, clock);
    pthread_mutex_init(&run->mutex, NULL);
    pthread_cond_init(&run->changed, NULL);
    return run;
}

static void free_run(struct run *run)
{
    pthread_cond_destroy(&run->changed);
    pthread_mutex_destroy(&run->mutex);
    qsc_free(run->course.zipf);
    qsc_free(run->course.grants);
    qsc_free(run);
}

static int compare_asked(const void *a, const void *b)
{
    const struct lab_grant *x = a, *y = b;
    return (x->asked > y->asked) - (x->asked < y->asked);
}

static void collect_trace(struct lab_result *result, struct run *run, const struct thread *threads)
{
    uint32_t count = atomic_load_explicit(&run->course.granted, memory_order_relaxed), waiting = 0;
    count = count < run->course.plan.trace ? count : run->course.plan.trace;
    const uint64_t last = count > 0 ? run->course.grants[count - 1].got : run->course.end;
    for (uint32_t i = 0; i < result->threads; i++) {
        if (threads[i].passer.still_waits > 0 && threads[i].passer.still_waits < last)
            run->course.grants[count + waiting++] =
                (struct lab_grant){.asked = threads[i].passer.still_waits, .thread = i};
    }
    if (waiting > 0)
        qsort(run->course.grants + count, waiting, sizeof *run->course.grants, compare_asked);
    result->trace = (struct lab_trace){run->course.grants, count, waiting};
    run->course.grants = NULL;
}

/* What the threads counted, moved to where the caller finds it. */
static void collect(struct lab_result *result, struct run *run, struct thread *threads)
{
    result->start = run->course.start;
    result->end = run->course.end;
    for (unsigned i = 0; i < result->threads; i++) {
        struct lab_thread_result *of = &result->of[i];
        struct lab_passer *passer = &threads[i].passer;
        memmove(passer->counts, passer->counts + 1, result->windows * sizeof *of->counts);
        *of = (struct lab_thread_result){
            .counts = passer->counts,
            .reads = passer->reads,
            .longest_wait_ns = (uint64_t)((double)passer->longest_wait * run->course.ns_per_tick),
            .latencies = passer->latencies,
            .late = passer->late,
            .preempted = threads[i].preempted,
        };
        passer->counts = NULL;
        passer->latencies = NULL;
        for (uint32_t w = 0; w < result->windows; w++)
            of->passes += of->counts[w];
    }
    collect_trace(result, run, threads);
}

static bool excluded(struct run *run, const struct thread *threads)
{
    uint64_t asked = 0, written = 0;
    for (unsigned i = 0; i < run->course.plan.threads; i++)
        asked += threads[i].passer.written;
    for (unsigned i = 0; i < lock_count(&run->course.plan); i++)
        written += *(const uint64_t *)(const void *)lab_place_at(&run->course, i);
    return asked == written;
}

static void fini_locks(struct run *run, unsigned count)
{
    for (unsigned i = 0; run->course.plan.lock->fini && i < count; i++)
        run->course.plan.lock->fini(lab_lock_at(&run->course, i));
}

static int init_locks(struct run *run)
{
    const struct lab_lock *kind = run->course.plan.lock;
    for (unsigned i = 0; kind->init && i < lock_count(&run->course.plan); i++) {
        int error = kind->init(lab_lock_at(&run->course, i));
        if (error) {
            fini_locks(run, i);
            return error;
        }
    }
    return 0;
}

int lab_run(struct lab_result *result, const struct lab_plan *plan)
{
    *result = (struct lab_result){.threads = plan->threads, .windows = plan->windows};
    struct run *run = make_run(plan);
    if (!run)
        return ENOMEM;
    struct thread *threads = make_threads(run);
    result->of = qsc_alloc_zeroed(plan->threads, sizeof *result->of);
    int error = threads && result->of ? 0 : ENOMEM;
    if (error == 0)
        error = init_locks(run);
    if (error == 0) {
        error = run_and_watch(result, run, threads);
        if (error == ETIMEDOUT)
            return error; /* the threads still use it all */
        if (error == 0 && !excluded(run, threads))
            error = ENOTRECOVERABLE;
        if (error == 0)
            collect(result, run, threads);
        fini_locks(run, lock_count(plan));
    }
    if (threads)
        free_threads(threads, plan->threads);
    free_run(run);
    if (error)
        lab_result_fini(result);
    return error;
}

void lab_result_fini(struct lab_result *result)
{
    for (unsigned i = 0; result->of && i < result->threads; i++) {
        qsc_free(result->of[i].counts);
        qsc_free(result->of[i].latencies);
    }
    qsc_free(result->of);
    qsc_free(result->trace.grants);
    *result = (struct lab_result){0};
}

uint64_t lab_result_passes(const struct lab_result *result)
{
    uint64_t passes = 0;
    for (unsigned i = 0; i < result->threads; i++)
        passes += result->of[i].passes;
    return passes;
}

double lab_result_throughput(const struct lab_result *result)
{
    double seconds = (double)(result->end - result->start) / lab_clock_get()->ticks_per_ns * 1e-9;
    return (double)lab_result_passes(result) / seconds;
}
