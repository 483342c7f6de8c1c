#include "orders.h"

#include "machine.h"
#include "memory.h"
#include "source.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct site {
    const void *_Atomic at; // NULL: free
    uint8_t access, order;
    bool plain;
    atomic_ullong times;
    char line[200]; // asked for when it is needed
};

enum { SITES = 1 << 16 };

// Shared by all processes of an exploration.
struct table {
    atomic_flag busy;
    struct site site[SITES]; // open addressing
    int used;
};

static struct table *table; // NULL: nothing is noted
static const struct qx_mutant *in_force;

void qx_orders_record(void)
{
    table = qx_shared_memory(sizeof *table);
}

static void lock(void)
{
    while (atomic_flag_test_and_set(&table->busy)) {
    }
}

static void unlock(void)
{
    atomic_flag_clear(&table->busy);
}

static struct site *slot(const void *at, int access, int order, bool plain)
{
    size_t i = ((uintptr_t)at * UINT64_C(0x9E3779B97F4A7C15) >> 32) + (size_t)access * 8 + (size_t)order;
    for (;; i++) {
        struct site *s = &table->site[i % SITES];
        if (!s->at || (s->at == at && s->access == access && s->order == order && s->plain == plain))
            return s;
    }
}

static struct site *site_of(const void *at, int access, int order, bool plain)
{
    struct site *s = slot(at, access, order, plain);
    if (s->at)
        return s;
    lock();
    s = slot(at, access, order, plain);
    if (!s->at && table->used < SITES / 2) {
        s->access = (uint8_t)access;
        s->order = (uint8_t)order;
        s->plain = plain;
        table->used++;
        s->at = at; // the last: whoever sees it sees the rest
    }
    unlock();
    return s;
}

static const char *line_of(struct site *s)
{
    if (*s->line)
        return s->line;
    bool exploring = qx_set_exploring(false); // the C library is asked
    char line[sizeof s->line] = "";
    qx_source_line(s->at, line, sizeof line);
    if (exploring)
        qx_source_rest();
    if (!*line)
        snprintf(line, sizeof line, "%p", s->at);
    lock();
    memcpy(s->line, line, sizeof line);
    unlock();
    qx_set_exploring(exploring);
    return s->line;
}

int qx_order(enum qx_access access, int order, const void *site)
{
    if (!table)
        return order;
    struct site *s = site_of(site, (int)access, order, false);
    atomic_fetch_add_explicit(&s->times, 1, memory_order_relaxed);
    bool weakened = in_force && in_force->access == access && in_force->order == order &&
                    strcmp(line_of(s), in_force->line) == 0;
    return weakened ? in_force->weaker : order;
}

void qx_reach(const void *site)
{
    if (table)
        atomic_fetch_add_explicit(&site_of(site, 0, 0, true)->times, 1, memory_order_relaxed);
}

// What an order is weakened to in one step, in the n-th way; QX_NONE: there is none.
static int weaker(enum qx_access access, int order, int n)
{
    bool reads = access == QX_ACCESS_LOAD || access == QX_ACCESS_FAILURE, writes = access == QX_ACCESS_STORE;
    switch (order) {
    case QX_SEQ_CST:
        return n > 0 ? QX_NONE : reads ? QX_ACQUIRE : writes ? QX_RELEASE : QX_ACQ_REL;
    case QX_ACQ_REL:
        return n == 0 ? QX_ACQUIRE : n == 1 ? QX_RELEASE : QX_NONE;
    case QX_RELAXED:
        return QX_NONE;
    default:
        return n == 0 ? QX_RELAXED : QX_NONE;
    }
}

static int by_line(const void *a, const void *b)
{
    struct site *const *x = a, *const *y = b;
    int difference = strcmp(line_of(*x), line_of(*y));
    if (difference == 0)
        difference = (int)(*x)->plain - (int)(*y)->plain;
    if (difference == 0)
        difference = (*x)->access - (*y)->access;
    return difference ? difference : (*x)->order - (*y)->order;
}

// The sites that were reached, in the order of their lines; several can stand for one access of the source,
// which the compiler has put in several places.
static struct site **sorted(int *n)
{
    struct site **list = qx_grow(NULL, 0, ((size_t)table->used + 1) * sizeof(struct site *));
    *n = 0;
    for (int i = 0; i < SITES; i++) {
        if (table->site[i].at)
            list[(*n)++] = &table->site[i];
    }
    qsort(list, (size_t)*n, sizeof *list, by_line);
    return list;
}

const struct qx_mutant *qx_orders_mutants(int *n)
{
    int sites;
    struct site **list = sorted(&sites);
    struct qx_mutant *mutants = qx_grow(NULL, 0, 2 * ((size_t)sites + 1) * sizeof *mutants);
    *n = 0;
    for (int i = 0; i < sites; i++) {
        struct site *s = list[i];
        if (s->plain || (i > 0 && by_line(&list[i - 1], &s) == 0))
            continue;
        int to;
        for (int way = 0; (to = weaker(s->access, s->order, way)) != QX_NONE; way++) {
            struct qx_mutant *m = &mutants[(*n)++];
            *m = (struct qx_mutant){.access = s->access, .order = s->order, .weaker = to};
            snprintf(m->line, sizeof m->line, "%s", line_of(s));
        }
    }
    return mutants;
}

void qx_orders_weaken(const struct qx_mutant *mutant)
{
    in_force = mutant;
}

const char *qx_order_name(int order)
{
    static const char *const names[] = {"relaxed", "consume", "acquire", "release", "acq_rel", "seq_cst"};
    return names[order];
}

const char *qx_access_name(enum qx_access access)
{
    static const char *const names[] = {"load",
                                        "store",
                                        "read-modify-write",
                                        "failing compare-exchange",
                                        "fence",
                                        "atomic instruction or fence"};
    return names[access];
}

// A place in the program that was not reached becomes a site that was reached no times.
static void add_unreached(const void *at, const char *call)
{
    bool atomic = strncmp(call, "__tsan_atomic", 13) == 0;
    for (int i = 0; i < SITES; i++) {
        if (table->site[i].at == at)
            return;
    }
    if (atomic || strstr(call, "read") || strstr(call, "write"))
        site_of(at, 0, 0, true);
}

static void add_unseen(const void *at)
{
    site_of(at, QX_ACCESS_UNSEEN, 0, true);
}

static void print_site(struct site *s, unsigned long long times)
{
    if (s->access == QX_ACCESS_UNSEEN)
        printf("%12s  %s  %s", "not seen", line_of(s), qx_access_name(QX_ACCESS_UNSEEN));
    else
        printf("%12llu  %s", times, line_of(s));
    if (!s->plain)
        printf("  %s (%s)", qx_access_name(s->access), qx_order_name(s->order));
    putchar('\n');
}

void qx_orders_print(void)
{
    qx_source_code(add_unreached, add_unseen);
    int sites;
    struct site **list = sorted(&sites);
    puts("       times  where, and what if it is atomic");
    for (int i = 0; i < sites;) {
        struct site *first = list[i];
        unsigned long long times = 0;
        for (; i < sites && by_line(&first, &list[i]) == 0; i++)
            times += list[i]->times;
        print_site(first, times);
    }
}
