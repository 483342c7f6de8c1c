/* relation.h: the algebra in which axiomatic memory models are written, on sets of at most 32 events. */
#ifndef QUIESCE_TESTS_EXPLORE_RELATION_H
#define QUIESCE_TESTS_EXPLORE_RELATION_H

#include <stdbool.h>
#include <stdint.h>

enum { EVENTS_MAX = 32 };

typedef uint32_t events; // a set: bit e for event e

// A boolean matrix: event b is in after[a] when a is related to b.
struct relation {
    events after[EVENTS_MAX];
};

static inline events event_set(int event)
{
    return (events)1 << event;
}

// for (int e; take(&set, &e);): each event of the set, which is empty in the end
static inline bool take(events *set, int *event)
{
    if (!*set)
        return false;
    *event = __builtin_ctz(*set);
    *set &= *set - 1;
    return true;
}

static inline void relate(struct relation *r, int a, int b)
{
    r->after[a] |= event_set(b);
}

// [set]: the identity on it
static inline struct relation on(events set)
{
    struct relation r = {0};
    for (int e; take(&set, &e);)
        relate(&r, e, e);
    return r;
}

static inline struct relation both(struct relation r, struct relation s)
{
    for (int a = 0; a < EVENTS_MAX; a++)
        r.after[a] &= s.after[a];
    return r;
}

static inline struct relation minus(struct relation r, struct relation s)
{
    for (int a = 0; a < EVENTS_MAX; a++)
        r.after[a] &= ~s.after[a];
    return r;
}

static inline struct relation inverse(struct relation r)
{
    struct relation s = {0};
    for (int a = 0; a < EVENTS_MAX; a++)
        for (int b; take(&r.after[a], &b);)
            relate(&s, b, a);
    return s;
}

// r?
static inline struct relation optional(struct relation r)
{
    for (int a = 0; a < EVENTS_MAX; a++)
        relate(&r, a, a);
    return r;
}

// r+, by Warshall's algorithm
static inline struct relation plus(struct relation r)
{
    for (int via = 0; via < EVENTS_MAX; via++)
        for (int a = 0; r.after[via] && a < EVENTS_MAX; a++)
            if (r.after[a] & event_set(via))
                r.after[a] |= r.after[via];
    return r;
}

// r*
static inline struct relation star(struct relation r)
{
    return optional(plus(r));
}

// r; s
static inline struct relation compose(struct relation r, struct relation s)
{
    struct relation composition = {0};
    for (int a = 0; a < EVENTS_MAX; a++)
        for (int b; take(&r.after[a], &b);)
            composition.after[a] |= s.after[b];
    return composition;
}

static inline struct relation compose_all(int n, const struct relation *r)
{
    struct relation composition = r[0];
    for (int i = 1; i < n; i++)
        composition = compose(composition, r[i]);
    return composition;
}

static inline struct relation unite_all(int n, const struct relation *r)
{
    struct relation whole = r[0];
    for (int i = 1; i < n; i++)
        for (int a = 0; a < EVENTS_MAX; a++)
            whole.after[a] |= r[i].after[a];
    return whole;
}

// SEQUENCE(r, s, t): r; s; t        UNION(r, s, t): r U s U t
#define RELATIONS(...)                                                                           \
    (int)(sizeof(struct relation[]){__VA_ARGS__} / sizeof(struct relation)), (struct relation[]) \
    {                                                                                            \
        __VA_ARGS__                                                                              \
    }
#define SEQUENCE(...) compose_all(RELATIONS(__VA_ARGS__))
#define UNION(...) unite_all(RELATIONS(__VA_ARGS__))

static inline bool empty(struct relation r)
{
    for (int a = 0; a < EVENTS_MAX; a++)
        if (r.after[a])
            return false;
    return true;
}

static inline bool irreflexive(struct relation r)
{
    for (int a = 0; a < EVENTS_MAX; a++)
        if (r.after[a] & event_set(a))
            return false;
    return true;
}

static inline bool acyclic(struct relation r)
{
    return irreflexive(plus(r));
}

#endif
