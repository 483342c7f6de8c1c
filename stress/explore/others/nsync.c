/* nsync, one structure a build: -DMU (mutual exclusion), HANDOVER (main has the lock when the others come:
 * one waits, one only tries), RMU (readers beside a writer), CV (a condition variable), WAIT (a conditional
 * critical section), ONCE, NOTE or COUNTER. */
#include <assert.h>
#include <pthread.h>
#include <stddef.h>

#include "nsync.h"

#ifndef THREADS
#define THREADS 2
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif

static int data;

#if defined(MU)
static nsync_mu mu = NSYNC_MU_INIT;

static void *work(void *number)
{
    for (int i = 0; i < ROUNDS; i++) {
#ifdef TRY
        if (!nsync_mu_trylock(&mu))
            continue;
#else
        nsync_mu_lock(&mu);
#endif
        assert(data == 0);
        data = 1;
        data = 0;
        nsync_mu_unlock(&mu);
    }
    return number;
}
#elif defined(HANDOVER)
static nsync_mu mu = NSYNC_MU_INIT;

static void *work(void *number)
{
    if (*(int *)number == 0) {
        nsync_mu_lock(&mu);
    } else if (!nsync_mu_trylock(&mu)) {
        return number;
    }
    assert(data == 1);
    nsync_mu_unlock(&mu);
    return number;
}
#elif defined(RMU)
static nsync_mu mu = NSYNC_MU_INIT;

static void *work(void *number)
{
    for (int i = 0; i < ROUNDS; i++) {
        if (*(int *)number == 0) {
            nsync_mu_lock(&mu);
            data++;
            data++;
            nsync_mu_unlock(&mu);
        } else {
            nsync_mu_rlock(&mu);
            assert(data % 2 == 0);
            nsync_mu_runlock(&mu);
        }
    }
    return number;
}
#elif defined(CV)
static nsync_mu mu = NSYNC_MU_INIT;
static nsync_cv cv = NSYNC_CV_INIT;
#ifdef SIGNAL
#define WAKE nsync_cv_signal
#else
#define WAKE nsync_cv_broadcast
#endif

static void *work(void *number)
{
    nsync_mu_lock(&mu);
    if (*(int *)number == 0) {
        data = 1;
#ifdef UNHELD // the lock is given back first
        nsync_mu_unlock(&mu);
        WAKE(&cv);
        return number;
#else
        WAKE(&cv);
#endif
    } else {
        while (data == 0)
            nsync_cv_wait(&cv, &mu);
    }
    nsync_mu_unlock(&mu);
    return number;
}
#elif defined(WAIT)
static nsync_mu mu = NSYNC_MU_INIT;

static int is_set(const void *what)
{
    return *(const int *)what;
}

static void *work(void *number)
{
    nsync_mu_lock(&mu);
    if (*(int *)number == 0)
        data = 1;
    else
        nsync_mu_wait(&mu, is_set, &data, NULL);
    assert(data == 1);
    nsync_mu_unlock(&mu);
    return number;
}
#elif defined(ONCE)
static nsync_once once = NSYNC_ONCE_INIT;

static void set(void)
{
    data++;
}

static void *work(void *number)
{
    nsync_run_once(&once, set);
    assert(data == 1);
    return number;
}
#elif defined(NOTE)
static nsync_note note;

static void *work(void *number)
{
    if (*(int *)number == 0) {
        data = 1;
        nsync_note_notify(note);
    } else {
        int notified = nsync_note_wait(note, nsync_time_no_deadline);
        assert(notified && data == 1);
    }
    return number;
}
#elif defined(COUNTER)
static nsync_counter counter;
static int done[THREADS];

static void *work(void *number)
{
    done[*(int *)number] = 1;
    if (nsync_counter_add(counter, -1) == 0)
        data = 1;
    return number;
}
#endif

int main(void)
{
    pthread_t thread[THREADS];
    int number[THREADS];
#if defined(NOTE)
    note = nsync_note_new(NULL, nsync_time_no_deadline);
#elif defined(COUNTER)
    counter = nsync_counter_new(THREADS);
#elif defined(HANDOVER)
    nsync_mu_lock(&mu);
#endif
    for (int i = 0; i < THREADS; i++) {
        number[i] = i;
        pthread_create(&thread[i], NULL, work, &number[i]);
    }
#ifdef HANDOVER
    data = 1;
    nsync_mu_unlock(&mu);
#endif
#ifdef COUNTER
    nsync_counter_wait(counter, nsync_time_no_deadline);
    for (int i = 0; i < THREADS; i++)
        assert(done[i]);
#endif
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
#if defined(NOTE)
    nsync_note_free(note);
#elif defined(COUNTER)
    nsync_counter_free(counter);
#endif
}
