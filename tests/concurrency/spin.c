#include "threads.h"

#include <criterion/criterion.h>
#include <quiesce/concurrency/spin.h>
#include <stdatomic.h>
#include <string.h>

enum { MANY = 4 };

static const struct qsc_spin_ops *ops;
static union {
    qsc_tas tas;
    qsc_ticket ticket;
    qsc_mcs mcs;
    qsc_clh clh;
} lock;
static union {
    qsc_mcs_node mcs;
    qsc_clh_node clh;
} nodes[MANY + 2];

static long protected;
static atomic_int entered;
static int order[MANY];

// Runs the test once for each lock, unlocked before and after.
static void with_each(void (*test)(void))
{
    for (ops = qsc_spin_ops; ops < qsc_spin_ops + QSC_SPIN_LOCKS; ops++) {
        memset(&lock, 0xa5, sizeof lock);
        memset(nodes, 0xa5, sizeof nodes);
        ops->init(&lock, &nodes[MANY + 1]);
        protected = 0;
        atomic_store(&entered, 0);
        test();
        cr_assert(ops->trylock(&lock, &nodes[MANY]), "%s is not free at the end", ops->name);
        cr_assert_eq(ops->unlock(&lock, &nodes[MANY]), &nodes[MANY], "nobody waited");
    }
}

TestSuite(spin, .timeout = 60);

Test(spin, the_table_says_what_the_locks_are)
{
    static const char *names[] = {"tas", "ticket", "mcs", "clh"};
    static const size_t sizes[] = {4, 8, sizeof(void *), 2 * sizeof(void *)};
    for (int i = 0; i < QSC_SPIN_LOCKS; i++) {
        cr_assert_str_eq(qsc_spin_ops[i].name, names[i]);
        cr_assert_eq(qsc_spin_ops[i].size, sizes[i]);
        cr_assert_eq(qsc_spin_ops[i].node_size, i < 2 ? 0 : 64);
        cr_assert_eq(qsc_spin_ops[i].fifo, i > 0);
    }
}

Test(spin, zero_bytes_are_an_unlocked_lock)
{
    static qsc_tas tas;
    static qsc_ticket ticket;
    static qsc_mcs mcs;
    qsc_mcs_node node;
    cr_assert(qsc_tas_trylock(&tas));
    cr_assert_not(qsc_tas_trylock(&tas));
    qsc_tas_unlock(&tas);
    qsc_tas_lock(&tas);
    cr_assert(qsc_ticket_trylock(&ticket));
    cr_assert_not(qsc_ticket_trylock(&ticket));
    qsc_ticket_unlock(&ticket);
    qsc_ticket_lock(&ticket);
    cr_assert(qsc_mcs_trylock(&mcs, &node));
    cr_assert_not(qsc_mcs_trylock(&mcs, &(qsc_mcs_node){0}));
    qsc_mcs_unlock(&mcs, &node);
    qsc_mcs_lock(&mcs, &node);
}

static void try_it(void)
{
    void *node = &nodes[0];
    for (int i = 0; i < 3; i++) {
        cr_assert(ops->trylock(&lock, node));
        cr_assert_not(ops->trylock(&lock, &nodes[1]));
        node = ops->unlock(&lock, node);
        ops->lock(&lock, node);
        cr_assert_not(ops->trylock(&lock, &nodes[1]));
        node = ops->unlock(&lock, node);
    }
    cr_assert_eq(node, &nodes[0], "nobody waited");
}

Test(spin, trylock_says_whether_it_is_free)
{
    with_each(try_it);
}

Test(spin, tickets_may_wrap_around)
{
    qsc_ticket ticket = {UINT32_MAX, UINT32_MAX};
    for (int i = 0; i < 3; i++) {
        qsc_ticket_lock(&ticket);
        cr_assert_not(qsc_ticket_trylock(&ticket));
        qsc_ticket_unlock(&ticket);
        cr_assert(qsc_ticket_trylock(&ticket));
        qsc_ticket_unlock(&ticket);
    }
    cr_assert_eq(ticket.next, 5);
}

static void *enter_in_line(void *node)
{
    int index = (int)((char *)node - (char *)nodes) / (int)sizeof *nodes;
    ops->lock(&lock, node);
    order[atomic_fetch_add(&entered, 1)] = index;
    (void)ops->unlock(&lock, node);
    return NULL;
}

// What changes when a thread joins the line.
static uintptr_t end_of_line(void)
{
    if (strcmp(ops->name, "ticket") == 0)
        return __atomic_load_n(&lock.ticket.next, __ATOMIC_RELAXED);
    if (strcmp(ops->name, "mcs") == 0)
        return (uintptr_t)__atomic_load_n(&lock.mcs.tail, __ATOMIC_RELAXED);
    return (uintptr_t)__atomic_load_n(&lock.clh.tail, __ATOMIC_RELAXED);
}

static void stand_in_line(void)
{
    if (!ops->fifo)
        return;
    pthread_t threads[MANY];
    ops->lock(&lock, &nodes[MANY]);
    for (int i = 0; i < MANY; i++) {
        uintptr_t before = end_of_line();
        cr_assert_eq(pthread_create(&threads[i], NULL, enter_in_line, &nodes[i]), 0);
        AWAIT(end_of_line() != before);
    }
    cr_assert_eq(atomic_load(&entered), 0);
    void *mine = ops->unlock(&lock, &nodes[MANY]);
    for (int i = 0; i < MANY; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < MANY; i++)
        cr_assert_eq(order[i], i, "%s: thread %d was number %d", ops->name, order[i], i);
    // a handover leaves the holder's node to the successor, who looked at it
    bool clh = strcmp(ops->name, "clh") == 0;
    cr_assert_eq(mine, clh ? &nodes[MANY + 1] : &nodes[MANY]);
    if (clh) { // the last in line had no successor, and what it had waited for stays with the lock
        cr_assert_eq(ops->fini(&lock), &nodes[MANY - 2]);
    } else {
        cr_assert_null(ops->fini(&lock));
    }
}

Test(spin, lines_are_first_in_first_out)
{
    with_each(stand_in_line);
}

static void *add_many(void *node)
{
    for (int i = 0; i < 500; i++) {
        if (i % 3)
            ops->lock(&lock, node);
        else if (!ops->trylock(&lock, node))
            continue;
        protected++;
        atomic_fetch_add(&entered, 1);
        if (i % 50 == 0)
            sched_yield();
        node = ops->unlock(&lock, node);
    }
    return NULL;
}

// More threads than processors: waiters give way.
static void add(void)
{
    pthread_t threads[MANY];
    for (int i = 0; i < MANY; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, add_many, &nodes[i]), 0);
    for (int i = 0; i < MANY; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(protected, atomic_load(&entered));
}

Test(spin, excludes)
{
    with_each(add);
}
