/* Executions that are built forward, one step after the other. Which thread goes on, and which store a load
 * reads, is said by a policy: along a replay string, at random, or all within bounds. The search visits every
 * execution once; a walk visits chosen ones, where all are too many. */
#ifndef QUIESCE_EXPLORE_WALK_H
#define QUIESCE_EXPLORE_WALK_H

#include "graph.h"

enum { QX_NO_BOUND = -1 };

enum qx_choice { QX_CHOOSES_READ, QX_CHOOSES_PLACE, QX_CHOOSES_WAY };

struct qx_policy {
    /* Which of the n threads that can go on does? `current` went last. */
    int (*pick)(int current, const int *able, int n);
    /* One of so many ways; 0 is the newest store. */
    int (*choose)(int ways, enum qx_choice kind);
    /* A step has been made: an event, or the two of a read-modify-write. */
    void (*step)(void);
    /* Prepares the next execution; false: there is none. */
    bool (*next)(void);
    /* Not NULL: the policy repeats a run. It then says how many newer stores are passed over, rather than
     * which of the possible ones is taken; while this is true, whoever waits goes on when it says so. */
    bool (*repeats)(void);
};

/* Each begins a walk; the search's next execution is its first. A text that is no replay string gives false.
 */
bool qx_walk_replay(const char *schedule);
void qx_walk_random(uint64_t seed, uint64_t executions);
void qx_walk_bounded(int preemptions, int stale);
bool qx_walk_met_bound(void); // did it leave something out?
bool qx_walk_strayed(void);   // did the program do something else than the replay string says?

void qx_walk(const struct qx_policy *policy); // NULL: no more
bool qx_walking(void);
bool qx_walk_next(void);
int qx_walk_thread(int current, const int *able, int n);
void qx_walk_step(void);
int qx_walk_choose(int ways);
bool qx_walk_repeats(void);

/* Can the load not be made yet, because there is no value such as it awaits? */
bool qx_walk_lacks(const struct qx_graph *g, int thread, const struct qx_event *access);

/* Append an event that the policy has chosen. */
int qx_walk_load(struct qx_graph *g, int thread, const struct qx_event *access);
int qx_walk_store(struct qx_graph *g, int thread, const struct qx_event *access);

/* The replay string of a run whose steps were these events, in this order, and in which thread `last` then
 * came to the end. To be given back by qx_release_memory(text, *capacity). */
char *qx_walk_schedule(const struct qx_graph *g, const int *step, int steps, int last, size_t *capacity);

#endif
