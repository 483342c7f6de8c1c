#include <quiesce/concurrency/alloc.h>
#include <quiesce/concurrency/port.h>
#include <quiesce/concurrency/probes.h>
#include <quiesce/concurrency/reclaimer.h>

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

int qsc_rcu_domain_init(qsc_rcu_domain *domain, const struct qsc_rcu_domain_config *config)
{
    struct qsc_reclaimer *reclaimer = qsc_alloc_zeroed(1, sizeof *reclaimer);
    if (!reclaimer)
        return ENOMEM;
    reclaimer->max_live = config && config->max_objects ? config->max_objects : UINT64_MAX;
    reclaimer->max_live_bytes = config && config->max_bytes ? config->max_bytes : UINT64_MAX;
    domain->reclaimer = reclaimer;
    int error = qsc_reclaimer_start(reclaimer);
    if (error)
        qsc_free(reclaimer);
    return error;
}

// Would whoever waits for the domain's thread wait for himself?
static bool waits_for_us(const struct qsc_reclaimer *reclaimer)
{
    return qsc_rcu_in_section() || pthread_equal(reclaimer->thread, pthread_self());
}

void qsc_rcu_domain_fini(qsc_rcu_domain *domain)
{
    struct qsc_reclaimer *reclaimer = domain->reclaimer;
    assert(!waits_for_us(reclaimer));
    qsc_mutex_lock(&reclaimer->lock);
    qsc_reclaimer_end_unlock(reclaimer);
    qsc_free(reclaimer);
    domain->reclaimer = NULL;
}

// Counts an object of so many bytes as soon as the bounds allow it. Under the lock.
static int admit_until(struct qsc_reclaimer *reclaimer, uint64_t bytes, const struct timespec *deadline,
                       const qsc_cancel *cancel)
{
    for (int error = 0; !qsc_reclaimer_admit(reclaimer, 1, bytes);) {
        if (error)
            return error;
        if (waits_for_us(reclaimer))
            return EDEADLK;
        QSC_PROBE2(backlog_full, reclaimer, reclaimer->live);
        error = qsc_port_wait_error(qsc_event_wait(reclaimer, &reclaimer->progress, deadline, cancel));
    }
    return 0;
}

// What an object counts for: the largest has room, alone.
static uint64_t charge(const struct qsc_reclaimer *reclaimer, uint64_t bytes)
{
    return bytes < reclaimer->max_live_bytes ? bytes : reclaimer->max_live_bytes;
}

// Leaves an object to the thread if it was admitted without an error. Returns the error.
static int retire_unlock(struct qsc_reclaimer *reclaimer, qsc_rcu_node *node, uint64_t bytes,
                         void (*destroy)(qsc_rcu_node *), int error)
{
    if (error) {
        qsc_mutex_unlock(&reclaimer->lock);
        return error;
    }
    qsc_reclaimer_retire(reclaimer, node, bytes, destroy);
    qsc_event_signal_unlock(reclaimer, &reclaimer->work);
    return 0;
}

int qsc_rcu_trydefer(qsc_rcu_domain *domain, qsc_rcu_node *node, uint64_t bytes,
                     void (*destroy)(qsc_rcu_node *))
{
    struct qsc_reclaimer *reclaimer = domain->reclaimer;
    bytes = charge(reclaimer, bytes);
    qsc_mutex_lock(&reclaimer->lock);
    int error = qsc_reclaimer_admit(reclaimer, 1, bytes) ? 0 : EAGAIN;
    return retire_unlock(reclaimer, node, bytes, destroy, error);
}

int qsc_rcu_defer_cancellable(qsc_rcu_domain *domain, qsc_rcu_node *node, uint64_t bytes,
                              void (*destroy)(qsc_rcu_node *), const struct timespec *deadline,
                              const qsc_cancel *cancel)
{
    struct qsc_reclaimer *reclaimer = domain->reclaimer;
    bytes = charge(reclaimer, bytes);
    qsc_mutex_lock(&reclaimer->lock);
    int error = admit_until(reclaimer, bytes, deadline, cancel);
    return retire_unlock(reclaimer, node, bytes, destroy, error);
}

int qsc_rcu_defer_until(qsc_rcu_domain *domain, qsc_rcu_node *node, uint64_t bytes,
                        void (*destroy)(qsc_rcu_node *), const struct timespec *deadline)
{
    return qsc_rcu_defer_cancellable(domain, node, bytes, destroy, deadline, NULL);
}

int qsc_rcu_defer(qsc_rcu_domain *domain, qsc_rcu_node *node, uint64_t bytes, void (*destroy)(qsc_rcu_node *))
{
    return qsc_rcu_defer_cancellable(domain, node, bytes, destroy, NULL, NULL);
}

int qsc_rcu_barrier_cancellable(qsc_rcu_domain *domain, const struct timespec *deadline,
                                const qsc_cancel *cancel)
{
    struct qsc_reclaimer *reclaimer = domain->reclaimer;
    if (waits_for_us(reclaimer))
        return EDEADLK;
    qsc_mutex_lock(&reclaimer->lock);
    int error = qsc_reclaimer_wait(reclaimer, reclaimer->retirements, deadline, cancel);
    qsc_mutex_unlock(&reclaimer->lock);
    return error;
}

int qsc_rcu_barrier_until(qsc_rcu_domain *domain, const struct timespec *deadline)
{
    return qsc_rcu_barrier_cancellable(domain, deadline, NULL);
}

int qsc_rcu_barrier(qsc_rcu_domain *domain)
{
    return qsc_rcu_barrier_cancellable(domain, NULL, NULL);
}

bool qsc_rcu_trybarrier(qsc_rcu_domain *domain)
{
    struct qsc_reclaimer *reclaimer = domain->reclaimer;
    qsc_mutex_lock(&reclaimer->lock);
    bool passed = reclaimer->gone >= reclaimer->retirements;
    qsc_mutex_unlock(&reclaimer->lock);
    return passed;
}

void qsc_rcu_domain_get_stats(qsc_rcu_domain *domain, struct qsc_rcu_domain_stats *stats)
{
    struct qsc_reclaimer *reclaimer = domain->reclaimer;
    qsc_mutex_lock(&reclaimer->lock);
    const struct latency *period = &reclaimer->grace_period;
    *stats = (struct qsc_rcu_domain_stats){
        .deferred = reclaimer->retirements,
        .destroyed = reclaimer->reclaimed,
        .backlog = reclaimer->live,
        .backlog_max = reclaimer->live_max,
        .backlog_bytes = reclaimer->live_bytes,
        .backlog_bytes_max = reclaimer->live_bytes_max,
        .grace_periods = period->count,
        .grace_period_max_ns = period->max_ns,
        .grace_period_mean_ns = period->count ? period->total_ns / period->count : 0,
    };
    qsc_mutex_unlock(&reclaimer->lock);
}

int qsc_rcu_domain_dump(qsc_rcu_domain *domain, char *text, size_t size)
{
    struct qsc_reclaimer *reclaimer = domain->reclaimer;
    if (!reclaimer)
        return snprintf(text, size, "no domain");
    if (!qsc_mutex_trylock(&reclaimer->lock))
        return snprintf(text, size, "the lock of those who defer is taken");
    int length = snprintf(text, size,
                          "%" PRIu64 " deferred with %" PRIu64 " bytes, %" PRIu64 " destroyed, %" PRIu32
                          " waiting, %" PRIu64 " grace periods",
                          reclaimer->live, reclaimer->live_bytes, reclaimer->reclaimed,
                          reclaimer->progress.sleepers, reclaimer->grace_period.count);
    qsc_mutex_unlock(&reclaimer->lock);
    return length;
}
