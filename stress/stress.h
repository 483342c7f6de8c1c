/* stress.h: what every client shares. A client is an ordinary program: pthreads, <stdatomic.h>, assert. Its
 * batch() starts a few threads, joins them, asserts what must hold, and returns how often the threads really
 * met.
 *
 * Natively a batch is repeated until the threads met often enough; too few meetings are a failure, because a
 * stress test whose threads did not overlap has shown nothing. Tools that explore all executions of one run
 * define STRESS_ONCE and get a single batch, without a clock or a watchdog. */
#ifndef QUIESCE_STRESS_H
#define QUIESCE_STRESS_H

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#ifdef NDEBUG
#error "the oracles are assertions: build with -UNDEBUG"
#endif

/* The deadline this many nanoseconds, less than a second, from now. */
static inline struct timespec stress_soon(long nanoseconds)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_nsec += nanoseconds;
    t.tv_sec += t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    return t;
}

/* Is it among the names that a client was called with? All are if there are none. */
static inline bool stress_is_chosen(char **chosen, const char *name)
{
    for (char **argument = chosen; *argument; argument++)
        if (strcmp(*argument, name) == 0)
            return true;
    return !*chosen;
}

#ifdef STRESS_ONCE

/* How much work a batch does and with how many threads: `all` natively (of the work a tenth under
 * ThreadSanitizer), `least` in an exploration. */
#define STRESS_SIZE(all, least) (least)
#define STRESS_THREADS(all, least) (least)

static inline int stress_repeat(const char *meeting, long (*batch)(void), long enough)
{
    (void)meeting, (void)enough;
    (void)batch();
    return 0;
}

#else

#include <stdio.h>
#include <stdlib.h>

#define STRESS_THREADS(all, least) (all)
#ifdef __SANITIZE_THREAD__
#define STRESS_SIZE(all, least) ((all) / 10)
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define STRESS_SIZE(all, least) ((all) / 10)
#endif
#endif
#ifndef STRESS_SIZE
#define STRESS_SIZE(all, least) (all)
#endif

/* Seconds without a finished batch that count as a hang, and seconds in which the meetings must happen. */
#define STRESS_HANG 10
#define STRESS_PATIENCE 30

static _Atomic unsigned stress_batches;

static inline double stress_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static inline void *stress_watch(void *hang)
{
    unsigned seen = 0;
    for (double since = stress_seconds(); stress_seconds() - since < *(double *)hang;) {
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
        unsigned now = atomic_load_explicit(&stress_batches, memory_order_relaxed);
        if (now != seen) {
            seen = now;
            since = stress_seconds();
        }
    }
    fprintf(stderr, "watchdog: no batch ended for %g s, the threads hang\n", *(double *)hang);
    abort();
}

/* Repeats batch() for half a second at least and until it counted `enough` meetings. Returns main's exit
 * status. */
static inline int stress_repeat(const char *meeting, long (*batch)(void), long enough)
{
    static double hang = STRESS_HANG;
    const char *shorter = getenv("STRESS_HANG"); /* the twins, most of which are meant to hang, wait less */
    if (shorter)
        hang = strtod(shorter, NULL);
    pthread_t watchdog;
    int error = pthread_create(&watchdog, NULL, stress_watch, &hang);
    assert(error == 0);
    pthread_detach(watchdog);

    long met = 0;
    double start = stress_seconds(), spent;
    do {
        met += batch();
        atomic_fetch_add_explicit(&stress_batches, 1, memory_order_relaxed);
        spent = stress_seconds() - start;
    } while (spent < 0.5 || (met < enough && spent < STRESS_PATIENCE));
    printf("%ld %s in %u batches, %.1f s\n", met, meeting, atomic_load(&stress_batches), spent);
    if (met >= enough)
        return 0;
    printf("too few: %ld are needed for this run to mean anything\n", enough);
    return 1;
}

#endif

/* Starts `n` threads of run(&arg[i]) at once and joins them all. */
static inline void stress_threads(int n, void *(*run)(void *), void *args, size_t arg_size)
{
    pthread_t threads[16];
    assert(n <= 16);
    for (int i = 0; i < n; i++) {
        int error = pthread_create(&threads[i], NULL, run, (char *)args + (size_t)i * arg_size);
        assert(error == 0);
    }
    for (int i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
}

#endif
