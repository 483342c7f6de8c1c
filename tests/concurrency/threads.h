/* threads.h: what the tests of blocking primitives share: threads, deadlines, signals, and patience until a
 * condition holds. */
#ifndef QUIESCE_TESTS_CONCURRENCY_THREADS_H
#define QUIESCE_TESTS_CONCURRENCY_THREADS_H

#include <criterion/criterion.h>
#include <pthread.h>
#include <quiesce/concurrency/port.h>
#include <sched.h>
#include <signal.h>

/* An absolute deadline, `milliseconds` from now; negative: that long ago. */
static inline struct timespec in_ms(long milliseconds)
{
    struct timespec t = qsc_port_now();
    long nanoseconds = t.tv_nsec + milliseconds % 1000 * 1000000;
    t.tv_sec += milliseconds / 1000 + (nanoseconds >= 1000000000) - (nanoseconds < 0);
    t.tv_nsec = (nanoseconds + 1000000000) % 1000000000;
    return t;
}

static inline void sleep_ms(long milliseconds)
{
    struct timespec span = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&span, NULL);
}

static inline pthread_t start(void *(*run)(void *), void *arg)
{
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, run, arg), 0);
    return thread;
}

/* What the thread returned. */
static inline void *join(pthread_t thread)
{
    void *result;
    cr_assert_eq(pthread_join(thread, &result), 0);
    return result;
}

static inline bool has_passed(struct timespec deadline)
{
    struct timespec now = qsc_port_now();
    return now.tv_sec > deadline.tv_sec || (now.tv_sec == deadline.tv_sec && now.tv_nsec >= deadline.tv_nsec);
}

/* Deadlines that are none: EINVAL. */
static const struct timespec malformed_deadlines[] = {{0, 1000000000}, {0, -1}, {-1, 0}};

static inline void on_signal(int signal)
{
    (void)signal;
}

/* From now on SIGUSR1 interrupts what a thread waits in, and the thread goes on. */
static inline void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal}; // without SA_RESTART
    cr_assert_eq(sigaction(SIGUSR1, &action, NULL), 0);
}

/* Interrupts the thread again and again, each time when it sleeps: when `asleep` holds. */
#define INTERRUPT(thread, asleep)          \
    do {                                   \
        catch_signals();                   \
        for (int n_ = 0; n_ < 20; n_++) {  \
            AWAIT(asleep);                 \
            pthread_kill(thread, SIGUSR1); \
            sleep_ms(1);                   \
        }                                  \
    } while (0)

/* Waits until the condition holds; the test's own timeout ends a wait in vain. */
#define AWAIT(condition)     \
    do {                     \
        while (!(condition)) \
            sched_yield();   \
    } while (0)

#endif
