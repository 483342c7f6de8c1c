/* liburcu's grace periods, which hide behind inline assembly and membarrier(2), by their contract: a section
 * that has begun before a grace period ends before it does; any other begins after what came before the grace
 * period.
 *
 * Each thread counts up when it enters a section and when it leaves. A grace period touches every thread's
 * count by a read-modify-write: those of one location have one order, so it comes either before the entry,
 * which then learns what came before, or behind it, and then it waits for the leave if that has not come. No
 * order between readers follows from it. */
#include "access.h"
#include "checkpoint.h"
#include "machine.h"

#include <urcu/call-rcu.h>

#define SITE __builtin_return_address(0)

enum { MOST_READERS = 128 }; // the bits of a location

// Locations; the values are the search's. One domain for all flavours but QSBR.
static struct {
    qx_value registered; // a bit for each thread
    uint32_t count[MOST_READERS];
} domain;

// Callbacks on their way, each in a thread of its own.
static struct {
    int threads[MOST_READERS], count;
} callbacks;

void qx_urcu_begin(void)
{
    domain.registered = 0;
    for (int i = 0; i < MOST_READERS; i++)
        domain.count[i] = 0;
    callbacks.count = 0;
}

void qx_urcu_keep(void)
{
    int readers = qx_thread_count() < MOST_READERS ? qx_thread_count() : MOST_READERS;
    qx_keep(&domain.registered, sizeof domain.registered);
    qx_keep(&readers, sizeof readers);
    qx_keep(domain.count, (size_t)readers * sizeof *domain.count);
    for (int i = readers; i < MOST_READERS; i++)
        domain.count[i] = 0;
    qx_keep(&callbacks.count, sizeof callbacks.count);
    qx_keep(callbacks.threads, (size_t)callbacks.count * sizeof *callbacks.threads);
}

static qx_value change(void *word, int size, int op, qx_value operand, int order, const void *site)
{
    return qx_load(word,
                   (struct qx_event){.size = (uint8_t)size,
                                     .order = (uint8_t)order,
                                     .rmw = {.op = (uint8_t)op, .operand = operand, .order = (uint8_t)order},
                                     .site = site});
}

static qx_value self_bit(const void *site)
{
    if (qx_self_number() >= MOST_READERS)
        qx_fail(QX_MISUSE, site, NULL, "more than %d threads use RCU", MOST_READERS);
    return (qx_value)1 << qx_self_number();
}

static void register_thread(const void *site)
{
    if (qx_self()->rcu_registered)
        qx_fail(QX_MISUSE, site, NULL, "a thread is registered with RCU twice");
    qx_self()->rcu_registered = true;
    change(&domain.registered, 16, QX_OR, self_bit(site), QX_ACQ_REL, site);
}

static void unregister_thread(const void *site)
{
    if (!qx_self()->rcu_registered || qx_self()->rcu_depth)
        qx_fail(QX_MISUSE, site, NULL, "a thread leaves RCU %s",
                qx_self()->rcu_depth ? "inside of a section" : "that is not registered");
    qx_self()->rcu_registered = false;
    change(&domain.registered, 16, QX_AND, ~self_bit(site), QX_ACQ_REL, site);
}

static void enter(bool implicit, const void *site)
{
    if (!qx_self()->rcu_registered) {
        if (!implicit)
            qx_fail(QX_MISUSE, site, NULL, "a read section in a thread that is not registered with RCU");
        register_thread(site);
    }
    if (qx_self()->rcu_depth++ == 0)
        change(&domain.count[qx_self_number()], 4, QX_ADD, 1, QX_ACQUIRE, site);
}

static void leave(const void *site)
{
    if (qx_self()->rcu_depth == 0)
        qx_fail(QX_MISUSE, site, NULL, "an RCU read section is left that was not entered");
    if (--qx_self()->rcu_depth == 0)
        change(&domain.count[qx_self_number()], 4, QX_ADD, 1, QX_RELEASE, site);
}

static void synchronize(const void *site)
{
    if (qx_self()->rcu_depth)
        qx_fail(QX_MISUSE, site, NULL, "a grace period inside of a read section waits for itself");
    qx_value readers = change(&domain.registered, 16, QX_ADD, 0, QX_ACQ_REL, site);
    for (int i = 0; i < MOST_READERS; i++) {
        if (!(readers >> i & 1) || i == qx_self_number())
            continue;
        qx_value count = change(&domain.count[i], 4, QX_ADD, 0, QX_ACQ_REL, site);
        if (count % 2)
            qx_load(&domain.count[i], (struct qx_event){.size = 4,
                                                        .order = QX_ACQUIRE,
                                                        .await = {.what = QX_AT_LEAST, .bound = count + 1},
                                                        .site = site});
    }
}

static void *call_back(void *argument)
{
    struct rcu_head *head = argument;
    synchronize(SITE);
    head->func(head);
    return NULL;
}

static void defer(struct rcu_head *head, void (*function)(struct rcu_head *), const void *site)
{
    if (callbacks.count == MOST_READERS)
        qx_fail(QX_MISUSE, site, NULL, "more than %d callbacks", MOST_READERS);
    head->func = function;
    int thread = qx_create(call_back, head, site);
    qx_thread_of(thread)->detached = true;
    callbacks.threads[callbacks.count++] = thread;
}

static void barrier(const void *site)
{
    for (int i = 0; i < callbacks.count; i++)
        qx_join(callbacks.threads[i], site);
}

// Outside of an exploration one thread runs, and there is nothing to wait for.
#define FLAVOUR(name, implicit)                                                              \
    void urcu_##name##_init(void);                                                           \
    void urcu_##name##_init(void)                                                            \
    {                                                                                        \
    }                                                                                        \
    void urcu_##name##_register_thread(void);                                                \
    void urcu_##name##_register_thread(void)                                                 \
    {                                                                                        \
        if (qx_exploring())                                                                  \
            register_thread(SITE);                                                           \
    }                                                                                        \
    void urcu_##name##_unregister_thread(void);                                              \
    void urcu_##name##_unregister_thread(void)                                               \
    {                                                                                        \
        if (qx_exploring())                                                                  \
            unregister_thread(SITE);                                                         \
    }                                                                                        \
    void urcu_##name##_read_lock(void);                                                      \
    void urcu_##name##_read_lock(void)                                                       \
    {                                                                                        \
        if (qx_exploring())                                                                  \
            enter(implicit, SITE);                                                           \
    }                                                                                        \
    void urcu_##name##_read_unlock(void);                                                    \
    void urcu_##name##_read_unlock(void)                                                     \
    {                                                                                        \
        if (qx_exploring())                                                                  \
            leave(SITE);                                                                     \
    }                                                                                        \
    int urcu_##name##_read_ongoing(void);                                                    \
    int urcu_##name##_read_ongoing(void)                                                     \
    {                                                                                        \
        return qx_exploring() && qx_self()->rcu_depth > 0;                                   \
    }                                                                                        \
    void urcu_##name##_synchronize_rcu(void);                                                \
    void urcu_##name##_synchronize_rcu(void)                                                 \
    {                                                                                        \
        if (qx_exploring())                                                                  \
            synchronize(SITE);                                                               \
    }                                                                                        \
    void urcu_##name##_call_rcu(struct rcu_head *head, void (*function)(struct rcu_head *)); \
    void urcu_##name##_call_rcu(struct rcu_head *head, void (*function)(struct rcu_head *))  \
    {                                                                                        \
        if (qx_exploring())                                                                  \
            defer(head, function, SITE);                                                     \
        else                                                                                 \
            function(head);                                                                  \
    }                                                                                        \
    void urcu_##name##_barrier(void);                                                        \
    void urcu_##name##_barrier(void)                                                         \
    {                                                                                        \
        if (qx_exploring())                                                                  \
            barrier(SITE);                                                                   \
    }

FLAVOUR(memb, false)
FLAVOUR(mb, false)
FLAVOUR(bp, true)
