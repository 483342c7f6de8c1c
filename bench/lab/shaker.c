#include "shaker.h"

#include "cache_lines.h"
#include "clock.h"
#include "random.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

/* What sections work on. Plain accesses, which the lock has to order; volatile, so that each happens. */
struct guarded {
    volatile uint64_t inside; /* the writer's number, from 1; 0: none */
    volatile uint64_t last;   /* the writer before */
    volatile uint64_t value;
};

struct shake {
    struct lab_shake_plan plan;
    cpu_set_t allowed;
    /* Both relaxed: they order nothing, the sections are the lock's. */
    _Atomic unsigned active; /* the first so many threads may pass */
    _Atomic int verdict;

    pthread_mutex_t mutex;
    pthread_cond_t changed;
    unsigned resting; /* under the mutex, as is the next */
    bool over;

    _Alignas(LAB_LINE) struct guarded guarded;
    _Alignas(LAB_LINE) char lock[];
};

struct shaken {
    _Alignas(LAB_LINE) struct shake *shake;
    pthread_t id;
    unsigned index;
    void *waiter;
    uint64_t random;
    uint64_t passes, reads, handovers;
};

static void sleep_us(uint32_t us)
{
    nanosleep(&(struct timespec){0, (long)us * 1000}, NULL);
}

static int signal_number(void)
{
    return SIGRTMAX - 1;
}

/* Runs between any two instructions of a thread, also of the lock's. */
static void interrupt(int number)
{
    (void)number;
    static _Atomic unsigned turns;
    const int error = errno;
    if (atomic_fetch_add_explicit(&turns, 1, memory_order_relaxed) % 4 == 0)
        sleep_us(300);
    else
        (void)sched_yield();
    errno = error;
}

static void move(struct shaken *self)
{
    const cpu_set_t *allowed = &self->shake->allowed;
    uint32_t nth = lab_random_below(&self->random, (uint32_t)CPU_COUNT(allowed));
    size_t cpu = 0;
    while (!CPU_ISSET(cpu, allowed) || nth-- > 0)
        cpu++;
    const int error = qsc_port_thread_pin(pthread_self(), (int)cpu);
    (void)error; /* where it fails the thread stays */
}

/* Something that happens to a thread: mostly next to nothing, so that there are many passes. */
static void disturb(struct shaken *self)
{
    const uint32_t dice = lab_random_below(&self->random, 1024);
    if (dice < 2)
        move(self);
    else if (dice < 4)
        sleep_us(100);
    else if (dice < 40)
        qsc_port_yield();
    else
        lab_work(lab_random_below(&self->random, 100));
}

/* The first fault that was found is the one reported. */
static void report(struct shake *shake, enum lab_shake_verdict verdict)
{
    int none = LAB_SHAKE_HELD;
    (void)atomic_compare_exchange_strong_explicit(&shake->verdict, &none, (int)verdict, memory_order_relaxed,
                                                  memory_order_relaxed);
}

static void write_section(struct shaken *self)
{
    struct guarded *guarded = &self->shake->guarded;
    const uint64_t me = self->index + 1;
    bool alone = guarded->inside == 0;
    guarded->inside = me;
    const uint64_t value = guarded->value;
    guarded->value = value + 1;
    disturb(self);
    alone = alone && guarded->inside == me && guarded->value == value + 1;
    self->handovers += guarded->last != me;
    guarded->last = me;
    guarded->inside = 0;
    if (!alone)
        report(self->shake, LAB_SHAKE_TWO_INSIDE);
}

static void read_section(struct shaken *self)
{
    const struct guarded *guarded = &self->shake->guarded;
    bool alone = guarded->inside == 0;
    const uint64_t value = guarded->value;
    disturb(self);
    alone = alone && guarded->inside == 0 && guarded->value == value;
    if (!alone)
        report(self->shake, LAB_SHAKE_READER_DISTURBED);
}

static void pass(struct shaken *self)
{
    struct shake *shake = self->shake;
    const struct lab_lock *kind = shake->plan.lock;
    const bool read = kind->read_lock && lab_random_below(&self->random, 100) < shake->plan.reads;
    (read ? kind->read_lock : kind->lock)(shake->lock, self->waiter);
    (read ? read_section : write_section)(self);
    (read ? kind->read_unlock : kind->unlock)(shake->lock, self->waiter);
    self->passes++;
    self->reads += read;
}

static bool may_pass(const struct shaken *self)
{
    return self->index < atomic_load_explicit(&self->shake->active, memory_order_relaxed);
}

/* Until it may pass again. Returns whether it goes on at all. */
static bool rest(struct shaken *self)
{
    struct shake *shake = self->shake;
    pthread_mutex_lock(&shake->mutex);
    shake->resting++;
    pthread_cond_broadcast(&shake->changed);
    while (!may_pass(self) && !shake->over)
        pthread_cond_wait(&shake->changed, &shake->mutex);
    shake->resting--;
    bool go_on = !shake->over;
    pthread_mutex_unlock(&shake->mutex);
    return go_on;
}

/* Whoever is at rest takes no signals: they are for those at the lock. */
static void take_signals(bool take)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal_number());
    pthread_sigmask(take ? SIG_UNBLOCK : SIG_BLOCK, &set, NULL);
}

static void *run_thread(void *arg)
{
    struct shaken *self = arg;
    struct shake *shake = self->shake;
    const struct lab_lock *kind = shake->plan.lock;
    if (kind->join)
        kind->join(shake->lock, self->waiter);
    while (rest(self)) {
        take_signals(true);
        do {
            disturb(self);
            pass(self);
        } while (may_pass(self));
        take_signals(false);
    }
    if (kind->leave)
        kind->leave(shake->lock, self->waiter);
    return NULL;
}

/* Lets the first `active` threads pass, or all end. */
static void set_active(struct shake *shake, unsigned active, bool over)
{
    pthread_mutex_lock(&shake->mutex);
    atomic_store_explicit(&shake->active, active, memory_order_relaxed);
    shake->over = over;
    pthread_cond_broadcast(&shake->changed);
    pthread_mutex_unlock(&shake->mutex);
}

/* Waits until none of `threads` is at the lock any more. Returns whether they came back. */
static bool all_rest(struct shake *shake, unsigned threads)
{
    const uint64_t then = qsc_port_now_ns() + shake->plan.patience_ns;
    const struct timespec deadline = {(time_t)(then / 1000000000), (long)(then % 1000000000)};
    int error = 0;
    pthread_mutex_lock(&shake->mutex);
    while (shake->resting < threads && error == 0)
        error = pthread_cond_clockwait(&shake->changed, &shake->mutex, CLOCK_MONOTONIC, &deadline);
    const bool all = shake->resting == threads;
    pthread_mutex_unlock(&shake->mutex);
    return all;
}

static enum lab_shake_verdict verdict_of(struct shake *shake)
{
    return (enum lab_shake_verdict)atomic_load_explicit(&shake->verdict, memory_order_relaxed);
}

static bool found_fault(struct shake *shake)
{
    return verdict_of(shake) != LAB_SHAKE_HELD;
}

/* Some milliseconds in which signals arrive at threads drawn for it. */
static void send_signals(struct shake *shake, struct shaken *threads, struct lab_shake_result *result,
                         uint64_t *random)
{
    const uint64_t end = qsc_port_now_ns() + 5000000 + lab_random_below(random, 10000000);
    while (qsc_port_now_ns() < end && !found_fault(shake)) {
        const uint32_t i = lab_random_below(random, shake->plan.threads);
        result->signals += pthread_kill(threads[i].id, signal_number()) == 0;
        sleep_us(20 + lab_random_below(random, 200));
    }
}

/* Returns whether all threads are at rest in the end. */
static bool run_phases(struct shake *shake, struct shaken *threads, struct lab_shake_result *result)
{
    const uint64_t began = qsc_port_now_ns();
    uint64_t random = shake->plan.seed;
    bool back = all_rest(shake, shake->plan.threads); /* until each is there */
    while (back && !found_fault(shake) && qsc_port_now_ns() - began < shake->plan.ns) {
        set_active(shake, 1 + lab_random_below(&random, shake->plan.threads), false);
        send_signals(shake, threads, result, &random);
        result->phases++;
        if (result->phases % 4 == 0) {
            set_active(shake, 0, false);
            back = all_rest(shake, shake->plan.threads);
        }
    }
    set_active(shake, 0, false);
    back = back && all_rest(shake, shake->plan.threads);
    result->ns = qsc_port_now_ns() - began;
    return back;
}

/* Returns 0 or EAGAIN. After it `started` threads have ended, unless one is stuck. */
static int run_threads(struct shake *shake, struct shaken *threads, struct lab_shake_result *result)
{
    unsigned started = 0;
    int error = 0;
    while (started < shake->plan.threads && error == 0) {
        error = qsc_port_thread_create(&threads[started].id, run_thread, &threads[started]);
        started += error == 0;
    }
    if (error == 0 && !run_phases(shake, threads, result)) {
        report(shake, LAB_SHAKE_STUCK); /* unless it is because of another fault */
        result->verdict = verdict_of(shake);
        result->stuck = true;
        return 0;
    }
    set_active(shake, 0, true);
    for (unsigned i = 0; i < started; i++)
        pthread_join(threads[i].id, NULL);
    result->verdict = verdict_of(shake);
    for (unsigned i = 0; i < started; i++) {
        result->passes += threads[i].passes;
        result->reads += threads[i].reads;
        result->handovers += threads[i].handovers;
    }
    return error;
}

/* The same with the handler of the signal in place. */
static int run_interrupted(struct shake *shake, struct shaken *threads, struct lab_shake_result *result)
{
    struct sigaction before, handler = {.sa_handler = interrupt};
    if (sigaction(signal_number(), &handler, &before) != 0)
        return errno;
    const int error = run_threads(shake, threads, result);
    if (!result->stuck)
        (void)sigaction(signal_number(), &before, NULL);
    return error;
}

static struct shaken *make_threads(struct shake *shake)
{
    const unsigned count = shake->plan.threads;
    struct shaken *threads = lab_zeroed_lines(count * sizeof *threads);
    for (unsigned i = 0; threads && i < count; i++) {
        threads[i].shake = shake;
        threads[i].index = i;
        threads[i].random = shake->plan.seed ^ (i + 1) * 0x9e3779b97f4a7c15u;
        threads[i].waiter = lab_zeroed_lines(shake->plan.lock->waiter_size);
        if (!threads[i].waiter) {
            while (i-- > 0)
                qsc_free(threads[i].waiter);
            qsc_free(threads);
            return NULL;
        }
    }
    return threads;
}

static void free_threads(struct shaken *threads, unsigned count)
{
    for (unsigned i = 0; threads && i < count; i++)
        qsc_free(threads[i].waiter);
    qsc_free(threads);
}

static struct shake *make_shake(const struct lab_shake_plan *plan)
{
    struct shake *shake = lab_zeroed_lines(sizeof *shake + lab_whole_lines(plan->lock->lock_size));
    if (!shake)
        return NULL;
    shake->plan = *plan;
    if (sched_getaffinity(0, sizeof shake->allowed, &shake->allowed) != 0)
        CPU_SET(0, &shake->allowed); /* more processors than the set has bits for */
    pthread_mutex_init(&shake->mutex, NULL);
    pthread_cond_init(&shake->changed, NULL);
    return shake;
}

static void free_shake(struct shake *shake)
{
    if (!shake)
        return;
    pthread_cond_destroy(&shake->changed);
    pthread_mutex_destroy(&shake->mutex);
    qsc_free(shake);
}

int lab_shake(struct lab_shake_result *result, const struct lab_shake_plan *plan)
{
    *result = (struct lab_shake_result){0};
    struct shake *shake = make_shake(plan);
    struct shaken *threads = shake ? make_threads(shake) : NULL;
    int error = threads ? 0 : ENOMEM;
    if (error == 0 && plan->lock->init)
        error = plan->lock->init(shake->lock);
    if (error == 0) {
        error = run_interrupted(shake, threads, result);
        if (result->stuck)
            return error; /* the threads still use it all */
        if (plan->lock->fini)
            plan->lock->fini(shake->lock);
    }
    free_threads(threads, plan->threads);
    free_shake(shake);
    return error;
}
