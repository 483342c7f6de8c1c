#include "run.h"

#include "clock.h"
#include "machine.h"
#include "random.h"
#include "zipf.h"

#include <errno.h>
#include <quiesce/concurrency/alloc.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { LINE = 64, STRIDE_MAX = 64 };

enum gate { CLOSED, OPEN, ABANDONED };

struct run {
    struct lab_plan plan; /* a copy: a thread that does not come back may outlive the caller's */
    uint64_t start, end, window, stride_ticks; /* ticks */
    struct lab_lengths section, outside;       /* steps of work */
    struct lab_lengths long_section;
    struct lab_lengths interval; /* ticks */
    double ns_per_tick;
    struct lab_zipf *zipf; /* NULL: there is one lock */

    pthread_mutex_t mutex;
    pthread_cond_t changed;
    unsigned ready, finished; /* threads */
    bool crowded;             /* there are more of them than processors */
    enum gate gate;

    struct lab_grant *grants; /* room for those to be traced, and one for each thread that waits at the end */
    _Atomic uint32_t granted;

    /* For each lock a place: the lines that its sections touch, then the lock. The first word of the first
     * line is one more by each exclusive section: their number, if the lock excludes. */
    size_t place_bytes, lock_offset;
    _Alignas(LINE) char places[];
};

struct thread {
    _Alignas(LINE) struct run *run;
    pthread_t id;
    uint32_t index;
    int cpu;          /* -1: any */
    char *waiters;    /* one for each lock, if the lock has any */
    uint32_t *counts; /* [0] before the start, [1 .. windows], [windows + 1] after the end */
    uint64_t random;
    uint64_t written, reads, longest_wait; /* passes of any time; of the windows; ticks */
    uint64_t seen;                         /* what the reader saw, so that it has to look */
    struct lab_latencies *latencies;
    uint64_t intended;    /* when the pass is to begin; closed loop: UINT64_MAX */
    uint64_t still_waits; /* since when it asked for the first pass that the trace has not; 0: none */
    bool late, background;
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

static size_t whole_lines(size_t bytes)
{
    return (bytes + LINE) / LINE * LINE; /* never none */
}

static void *zeroed_lines(size_t bytes)
{
    void *memory = qsc_alloc_aligned(whole_lines(bytes), LINE);
    return memory ? memset(memory, 0, whole_lines(bytes)) : NULL;
}

static char *place_at(struct run *run, unsigned i)
{
    return run->places + i * run->place_bytes;
}

static void *lock_at(struct run *run, unsigned i)
{
    return place_at(run, i) + run->lock_offset;
}

/* A lock may link a waiter to itself as long as the thread lives (ck's big-reader lock does): each has its
 * own of each thread. */
static size_t waiter_bytes(const struct lab_lock *kind)
{
    return kind->waiter_size > 0 ? whole_lines(kind->waiter_size) : 0;
}

static void *waiter_at(const struct thread *self, unsigned i)
{
    return self->waiters + i * waiter_bytes(self->run->plan.lock);
}

/* Only what lies inside of the run's time is a wait of the run: a thread that starved to the very end has no
 * wait that ended there, and yet the longest. */
static void note_wait(struct thread *self, uint64_t asked, uint64_t got)
{
    const struct run *run = self->run;
    asked = asked > run->start ? asked : run->start;
    got = got < run->end ? got : run->end;
    if (got > asked && got - asked > self->longest_wait)
        self->longest_wait = got - asked;
}

static bool is_within(const struct run *run, uint64_t stamp)
{
    return stamp >= run->start && stamp < run->end;
}

static void count_ticks(struct qsc_histogram *histogram, const struct run *run, uint64_t ticks)
{
    qsc_histogram_add(histogram, (uint64_t)((double)ticks * run->ns_per_tick));
}

static void note_latency(struct thread *self, uint64_t asked, uint64_t got)
{
    const struct run *run = self->run;
    uint64_t until = got < run->end ? got : run->end;
    if (is_within(run, asked))
        count_ticks(&self->latencies->asked, run, until - asked);
    if (is_within(run, self->intended))
        count_ticks(&self->latencies->intended, run, until - self->intended);
}

/* Passes that never began have waited until the end at least. */
static void note_missed(struct thread *self)
{
    const struct run *run = self->run;
    for (; self->intended < run->end; self->intended += lab_lengths_draw(&run->interval, &self->random)) {
        if (!is_within(run, self->intended))
            continue;
        count_ticks(&self->latencies->intended, run, run->end - self->intended);
        self->latencies->missed++;
    }
}

/* Waits until the next pass is to begin. Returns a stamp. It sleeps while that is far off, and where threads
 * share processors lets the others have it: the lock is to be what a pass waits for. */
static uint64_t await_turn(struct thread *self)
{
    enum { FAR_NS = 200000, AWAKE_NS = 100000 };
    const double ticks_per_ns = lab_clock_get()->ticks_per_ns;
    const uint64_t came = lab_ticks();
    uint64_t now = came;
    for (; now < self->intended; now = lab_ticks()) {
        uint64_t left_ns = (uint64_t)((double)(self->intended - now) / ticks_per_ns);
        if (left_ns > FAR_NS)
            nanosleep(&(struct timespec){0, (long)(left_ns - AWAKE_NS)}, NULL);
        else if (self->run->crowded)
            qsc_port_yield();
        else
            qsc_port_pause();
    }
    if (came < self->intended && is_within(self->run, self->intended))
        count_ticks(&self->latencies->woken, self->run, now - self->intended);
    return now;
}

/* Called inside of the section, so that the order is that of the lock; readers who are there together come in
 * some order. Returns the place of this pass, or NULL where it is none of the trace. */
static struct lab_grant *note_grant(struct thread *self, uint64_t asked, uint64_t got)
{
    struct run *run = self->run;
    if (run->plan.trace == 0 || got < run->start)
        return NULL;
    uint32_t i = run->plan.trace;
    if (got < run->end && atomic_load_explicit(&run->granted, memory_order_relaxed) < run->plan.trace)
        i = atomic_fetch_add_explicit(&run->granted, 1, memory_order_relaxed);
    if (i >= run->plan.trace) {
        if (self->still_waits == 0)
            self->still_waits = asked;
        return NULL;
    }
    run->grants[i] = (struct lab_grant){.asked = asked, .got = got, .thread = self->index};
    return &run->grants[i];
}

/* The other lines of a place. Returns what a reader saw, so that it has to look. */
static uint64_t touch(char *lines, unsigned count, bool read)
{
    uint64_t seen = 0;
    for (unsigned i = 1; i < count; i++) {
        uint64_t *word = (uint64_t *)(void *)(lines + (size_t)i * LINE);
        if (read)
            seen += *word;
        else
            *word += 1;
    }
    return seen;
}

/* So many passes, of which the first asked for the lock at `asked`; all that they need is at hand, since it
 * counts as a cost of the lock. Returns how many were reads. */
static unsigned pass(struct thread *self, unsigned passes, uint64_t asked)
{
    struct run *const run = self->run;
    const struct lab_lock *const kind = run->plan.lock;
    void (*const lock)(void *, void *) = kind->lock, (*const unlock)(void *, void *) = kind->unlock;
    void (*const read_lock)(void *, void *) = kind->read_lock ? kind->read_lock : lock;
    void (*const read_unlock)(void *, void *) = kind->read_lock ? kind->read_unlock : unlock;
    const struct lab_lengths *const section =
        self->index < run->plan.long_threads ? &run->long_section : &run->section;
    const struct lab_zipf *const zipf = run->zipf;
    const unsigned percent = run->plan.reads, lines = run->plan.lines;
    const bool waits = run->plan.waits;
    uint64_t random = self->random, seen = 0;
    unsigned reads = 0;
    for (unsigned i = 0; i < passes; i++) {
        bool read = percent == 100 || (percent > 0 && lab_random_below(&random, 100) < percent);
        uint32_t inside = lab_lengths_draw(section, &random);
        uint32_t between = lab_lengths_draw(&run->outside, &random);
        unsigned which = zipf ? lab_zipf_draw(zipf, &random) : 0;
        char *const place = place_at(run, which);
        uint64_t *const sections = (uint64_t *)(void *)place;
        void *const memory = lock_at(run, which), *const waiter = waiter_at(self, which);
        (read ? read_lock : lock)(memory, waiter);
        struct lab_grant *grant = NULL;
        if (waits) {
            uint64_t got = lab_ticks();
            note_wait(self, asked, got);
            if (self->latencies)
                note_latency(self, asked, got);
            grant = note_grant(self, asked, got);
        }
        /* Read at the beginning and written at the end, so that one thread that comes into the section of
         * another spoils the sum, also where the two only take turns. */
        uint64_t written = *sections;
        __asm__ volatile("" : "+r"(written));
        lab_work(inside);
        seen += touch(place, lines, read);
        if (read)
            seen += written;
        else
            *sections = written + 1;
        (read ? read_unlock : unlock)(memory, waiter);
        if (grant)
            grant->left = lab_ticks();
        lab_work(between);
        reads += read;
    }
    self->random = random;
    self->seen += seen;
    self->written += passes - reads;
    return reads;
}

static void pass_until_end(struct thread *self)
{
    const struct run *run = self->run;
    uint32_t *count = self->counts, *const last = count + run->plan.windows + 1;
    uint64_t boundary = run->start, stamp = lab_ticks();
    unsigned stride = 1; /* passes between two stamps */
    const bool open = run->plan.interval_ns > 0;
    self->late = stamp >= run->start;
    self->intended = open ? stamp : UINT64_MAX;
    while (stamp < run->end) {
        if (open) {
            stamp = await_turn(self);
            if (stamp >= run->end)
                break;
        }
        uint64_t before = stamp;
        unsigned reads = pass(self, stride, stamp);
        stamp = lab_ticks();
        for (; stamp >= boundary && count < last; boundary += run->window)
            count++;
        *count += stride;
        if (count > self->counts && count < last)
            self->reads += reads;
        if (open)
            self->intended += lab_lengths_draw(&run->interval, &self->random);
        if (!run->plan.waits) {
            if (stamp - before > run->stride_ticks)
                stride = stride > 1 ? stride / 2 : 1;
            else if (stamp - before < run->stride_ticks / 2 && stride < STRIDE_MAX)
                stride *= 2;
        }
    }
    if (open)
        note_missed(self);
}

static void compute_until_end(const struct run *run)
{
    while (lab_ticks() < run->end)
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
    const struct lab_lock *kind = run->plan.lock;
    if (self->cpu >= 0 && qsc_port_thread_pin(pthread_self(), self->cpu) != 0)
        self->cpu = -1; /* it was taken away meanwhile */
    const unsigned locks = self->background ? 0 : lock_count(&run->plan);
    for (unsigned i = 0; kind->join && i < locks; i++)
        kind->join(lock_at(run, i), waiter_at(self, i));
    bool open = stand_at_gate(run);
    if (open && self->background) {
        compute_until_end(run);
    } else if (open) {
        uint64_t before = involuntary_switches();
        pass_until_end(self);
        self->preempted = involuntary_switches() - before;
    }
    pthread_mutex_lock(&run->mutex);
    run->finished++; /* before leave, which may wait for a lock that a thread never gave back */
    pthread_cond_broadcast(&run->changed);
    pthread_mutex_unlock(&run->mutex);
    for (unsigned i = 0; kind->leave && i < locks; i++)
        kind->leave(lock_at(run, i), waiter_at(self, i));
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
    const struct lab_plan *plan = &run->plan;
    double ticks_per_ns = lab_clock_get()->ticks_per_ns;
    uint64_t warm_up = (uint64_t)((double)plan->warm_up_ns * ticks_per_ns);
    uint64_t patience = plan->patience_ns ? plan->patience_ns : 10000000000;

    pthread_mutex_lock(&run->mutex);
    while (run->ready < thread_count(plan))
        pthread_cond_wait(&run->changed, &run->mutex);
    run->start = lab_ticks() + warm_up;
    run->end = run->start + plan->windows * run->window;
    run->gate = OPEN;
    pthread_cond_broadcast(&run->changed);
    struct timespec deadline = after(plan->warm_up_ns + (uint64_t)plan->windows * LAB_WINDOW_NS + patience);
    int error = 0;
    while (run->finished < thread_count(plan) && error == 0)
        error = pthread_cond_timedwait(&run->changed, &run->mutex, &deadline);
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
    while (started < thread_count(&run->plan) && error == 0) {
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

static struct thread *make_threads(struct run *run)
{
    const struct lab_plan *plan = &run->plan;
    const unsigned count = thread_count(plan);
    struct thread *threads = zeroed_lines(count * sizeof *threads);
    for (unsigned i = 0; threads && i < count; i++) {
        threads[i].run = run;
        threads[i].index = i;
        threads[i].cpu = -1;
        threads[i].background = i >= plan->threads;
        threads[i].random = (i + 1) * 0x9e3779b97f4a7c15u;
        if (threads[i].background)
            continue;
        threads[i].waiters = zeroed_lines(lock_count(plan) * waiter_bytes(plan->lock));
        if (plan->latencies)
            threads[i].latencies = zeroed_lines(sizeof *threads[i].latencies);
        threads[i].counts = zeroed_lines((plan->windows + 2) * sizeof *threads[i].counts);
    }
    if (threads && plan->pin)
        place_threads(threads, count);
    return threads;
}

static bool are_whole(const struct thread *threads, unsigned count)
{
    for (unsigned i = 0; threads && i < count; i++) {
        if (!threads[i].waiters || !threads[i].counts ||
            (threads[i].run->plan.latencies && !threads[i].latencies))
            return false;
    }
    return threads;
}

static void free_threads(struct thread *threads, unsigned count)
{
    for (unsigned i = 0; threads && i < count; i++) {
        qsc_free(threads[i].waiters);
        qsc_free(threads[i].counts);
        qsc_free(threads[i].latencies);
    }
    qsc_free(threads);
}

static struct run *make_run(const struct lab_plan *plan)
{
    const struct lab_clock *clock = lab_clock_get();
    const unsigned locks = lock_count(plan), lines = plan->lines > 1 ? plan->lines : 1;
    const size_t lock_offset = (size_t)lines * LINE;
    const size_t place_bytes = lock_offset + whole_lines(plan->lock->lock_size);
    struct run *run = zeroed_lines(sizeof *run + locks * place_bytes);
    struct lab_zipf *zipf = locks > 1 ? lab_zipf_make(locks, plan->skew) : NULL;
    /* Written to now, so that no page comes into being inside of a section. */
    struct lab_grant *grants =
        plan->trace > 0 ? zeroed_lines(((size_t)plan->trace + plan->threads) * sizeof *grants) : NULL;
    if (!run || (locks > 1 && !zipf) || (plan->trace > 0 && !grants)) {
        qsc_free(grants);
        qsc_free(zipf);
        qsc_free(run);
        return NULL;
    }
    run->plan = *plan;
    run->zipf = zipf;
    run->crowded = thread_count(plan) > lab_processors();
    run->grants = grants;
    run->place_bytes = place_bytes;
    run->lock_offset = lock_offset;
    run->window = (uint64_t)(LAB_WINDOW_NS * clock->ticks_per_ns);
    run->ns_per_tick = 1 / clock->ticks_per_ns;
    run->stride_ticks = (uint64_t)(1000 * clock->ticks_per_ns);
    lab_lengths_fill(&run->section, plan->shape, (double)plan->section_ns * clock->steps_per_ns);
    lab_lengths_fill(&run->long_section, plan->shape, (double)plan->long_section_ns * clock->steps_per_ns);
    lab_lengths_fill(&run->interval, LAB_EXPONENTIAL, (double)plan->interval_ns * clock->ticks_per_ns);
    lab_lengths_fill(&run->outside, plan->shape, (double)plan->outside_ns * clock->steps_per_ns);
    pthread_mutex_init(&run->mutex, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&run->changed, &monotonic);
    return run;
}

static void free_run(struct run *run)
{
    pthread_cond_destroy(&run->changed);
    pthread_mutex_destroy(&run->mutex);
    qsc_free(run->zipf);
    qsc_free(run->grants);
    qsc_free(run);
}

static int compare_asked(const void *a, const void *b)
{
    const struct lab_grant *x = a, *y = b;
    return (x->asked > y->asked) - (x->asked < y->asked);
}

static void collect_trace(struct lab_result *result, struct run *run, const struct thread *threads)
{
    uint32_t count = atomic_load_explicit(&run->granted, memory_order_relaxed), waiting = 0;
    count = count < run->plan.trace ? count : run->plan.trace;
    const uint64_t last = count > 0 ? run->grants[count - 1].got : run->end;
    for (uint32_t i = 0; i < result->threads; i++) {
        if (threads[i].still_waits > 0 && threads[i].still_waits < last)
            run->grants[count + waiting++] = (struct lab_grant){.asked = threads[i].still_waits, .thread = i};
    }
    if (waiting > 0)
        qsort(run->grants + count, waiting, sizeof *run->grants, compare_asked);
    result->trace = (struct lab_trace){run->grants, count, waiting};
    run->grants = NULL;
}

/* What the threads counted, moved to where the caller finds it. */
static void collect(struct lab_result *result, struct run *run, struct thread *threads)
{
    double ticks_per_ns = lab_clock_get()->ticks_per_ns;
    result->start = run->start;
    result->end = run->end;
    for (unsigned i = 0; i < result->threads; i++) {
        struct lab_thread_result *of = &result->of[i];
        memmove(threads[i].counts, threads[i].counts + 1, result->windows * sizeof *of->counts);
        of->counts = threads[i].counts;
        threads[i].counts = NULL;
        of->latencies = threads[i].latencies;
        threads[i].latencies = NULL;
        for (uint32_t w = 0; w < result->windows; w++)
            of->passes += of->counts[w];
        of->reads = threads[i].reads;
        of->longest_wait_ns = (uint64_t)((double)threads[i].longest_wait / ticks_per_ns);
        of->late = threads[i].late;
        of->preempted = threads[i].preempted;
    }
    collect_trace(result, run, threads);
}

static bool excluded(struct run *run, const struct thread *threads)
{
    uint64_t asked = 0, written = 0;
    for (unsigned i = 0; i < run->plan.threads; i++)
        asked += threads[i].written;
    for (unsigned i = 0; i < lock_count(&run->plan); i++)
        written += *(const uint64_t *)(const void *)place_at(run, i);
    return asked == written;
}

static void fini_locks(struct run *run, unsigned count)
{
    for (unsigned i = 0; run->plan.lock->fini && i < count; i++)
        run->plan.lock->fini(lock_at(run, i));
}

static int init_locks(struct run *run)
{
    const struct lab_lock *kind = run->plan.lock;
    for (unsigned i = 0; kind->init && i < lock_count(&run->plan); i++) {
        int error = kind->init(lock_at(run, i));
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
    int error = are_whole(threads, plan->threads) && result->of ? 0 : ENOMEM;
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
