/* The program under test, run from main's first instruction along one execution graph: what stands in the
 * graph is repeated, what is new goes into it. All its threads are stacks that one real thread switches
 * between; they stop only inside of the calls below, and go on in an order that depends on the graph alone.
 */
#ifndef QUIESCE_EXPLORE_MACHINE_H
#define QUIESCE_EXPLORE_MACHINE_H

#include "context.h"
#include "graph.h"

#include <time.h>

enum qx_end {
    QX_COMPLETE, // every thread came to its end
    QX_BLOCKED, // some wait for what happens in other executions, or main has returned and they wait for ever
    QX_FAULT,
};

enum qx_fault {
    QX_NO_FAULT,
    QX_ASSERTION,
    QX_RACE,
    QX_DEADLOCK,     // nobody can go on, for locks, conditions and joins
    QX_LIVELOCK,     // several threads go round in loops for ever
    QX_STARVATION,   // one does
    QX_LOST_WAKE_UP, // who sleeps sleeps for ever
    QX_MISUSE,       // of a lock, a thread, memory
    QX_LEAK,         // of memory, of a thread
    QX_CRASH,        // SIGSEGV, abort
    QX_CHANGING,     // the program did something else in the same situation
};

struct qx_turn; // where a thread was since it last changed something: spin.c

struct qx_thread {
    struct qx_context context;
    enum { QX_UNUSED, QX_READY, QX_WAITS, QX_YIELDS, QX_STOPPED, QX_ENDED } state;
    int last;          // the event executed last
    int next;          // the event to be repeated; QX_NONE: new ones follow
    uint32_t executed; // events so far
    bool touched;      // it has made a plain access since the last of them
    // QX_WAITS: until that thread has executed so many
    int waits_for;
    uint32_t waits_until;
    // QX_STOPPED: by what it read since this event of its own
    uint32_t stopped_since;
    const char *stopped_by;
    const void *stopped_at;
    enum { QX_AWAITS, QX_SPINS, QX_SLEEPS } halt;
    const uint32_t *futex; // QX_SLEEPS: as long as it has this value; NULL: on a condition variable
    uint32_t futex_value;
    bool returns; // from qx_stop_turn(), if it must
    bool timed;   // it waits with a deadline, which in another execution passes
    void *(*start)(void *);
    int (*start_c11)(void *); // of a thread that thrd_create made
    void *arg, *result;
    bool detached, joined;
    bool gone;                                            // ended, and its variables with it
    uintptr_t seen_low, seen_high;                        // what others have used of its stack: frame.c
    int64_t clock;                                        // nanoseconds it has slept
    int failed_allocations, failed_exchanges, idle_wakes; // so many that the options asked for
    int deadlines;                                        // that have passed
    bool rcu_registered;                                  // urcu.c
    int rcu_depth;
    void **specific; // thread-specific data: threads.c
    uint64_t specific_run;
    // Of a spinning loop: see spin.c.
    struct qx_turn *turns;
    int turn_count, turn_capacity;
    int idle_yields;
    // Of a walk: the changes it has made; those of all that it had seen when it began to wait for more;
    // whether it was told that none will come, and whether its loop then makes one more turn; whether it
    // reads the newest stores only, until it has changed something itself.
    uint64_t changes, changes_seen;
    bool in_vain, vain_turn, fresh;
};

/* True in an execution; false before main and after it, when the program's calls do what they always do. */
bool qx_exploring(void);
/* For whoever calls the C library in the middle of an execution. Returns what it was. */
bool qx_set_exploring(bool exploring);

/* A number that grows as long as there are events. */
uint64_t qx_progress(void);

/* Of the execution; one that goes on from a checkpoint has that of the one before. */
uint64_t qx_run_number(void);

struct qx_thread *qx_self(void);
int qx_self_number(void);
struct qx_thread *qx_thread_of(int number);
int qx_thread_count(void);

/* Runs one execution along the search's graph. */
enum qx_end qx_run(int (*main_function)(int, char **, char **), int argc, char **argv, char **envp);

/* What stopped the last run. */
struct qx_failure {
    enum qx_fault fault;
    const void *site, *other;
    int clash_thread; // a race: the other access's thread, and its events before it; else QX_NONE
    uint32_t clash_time;
    char text[300];
};
const struct qx_failure *qx_failure(void);

/* Was a loop left by the limit, rather than because its turn changed nothing? Its site, or NULL. */
const void *qx_limited_loop(void);

/* Ends this run with a fault at a site; `other` is a second one that the text's last words speak of, or NULL.
 */
void qx_fail(enum qx_fault fault, const void *site, const void *other, const char *format, ...)
    __attribute__((noreturn, format(printf, 4, 5)));
/* The fault that comes next is a clash with an access of this thread, after so many of its events. */
void qx_clash(int thread, uint32_t time);
/* Ends this run as complete: the program has come to its end. */
void qx_finish(void) __attribute__((noreturn));

/* One of so many ways, each in an execution of its own. */
int qx_choose(int ways, const void *site);

/* Something rare that the options ask for, at most `most` times in the calling thread, counted in *count:
 * does it happen? */
bool qx_happens(int *count, int most, const void *site);

/* A call with a deadline waits in one execution (`timed` is then set), and in another finds at once that the
 * time is over: true, and the thread's clock stands at the deadline. */
struct qx_deadline {
    const struct timespec *at; // NULL: it never is
    bool relative;
};
bool qx_expires(struct qx_deadline deadline, const void *site);

/* A sleep until then, during which the other threads go first. */
void qx_sleep(struct qx_deadline until, const void *site);

/* Lets the other threads go first. */
void qx_yield(const void *site);

/* In a walk: the calling thread waits until another has changed something. False: nothing will change. */
bool qx_await_change(void);

/* The calling thread changed something that others can see; so many of its changes were taken back. */
void qx_count_change(void);
void qx_discount_changes(uint64_t n);

/* The steps of this run, each an event (of a read-modify-write that writes, its store), in order. */
const int *qx_steps(int *n);

/* Stops the calling thread for this execution: nothing but another store read since `since` can make a
 * difference. */
void qx_stop(uint32_t since, const char *why, const void *site) __attribute__((noreturn));

/* Something that the loop at `site` could do is not examined: the verdict cannot be clean. */
void qx_leave_out(const void *site);
/* Stops the thread for that reason: nobody knows where its loop would end. */
void qx_limit(const void *site) __attribute__((noreturn));

/* The same as qx_stop() for a turn of a loop that changed nothing (idle.h). Where its last access, without
 * any plain one behind it, chose something older than it could have read, the execution grows no further: all
 * that the other threads can still do, and all of this one that can race with it, is there as well where it
 * has read the newest. Returns when another thread has read what was taken back: then it may be that the loop
 * has to go round again. */
void qx_stop_turn(uint32_t since, const char *why, const void *site);

/* The calling thread is about to do what the graph does not have yet: stops it if the graph is not to grow.
 */
void qx_stop_if_redundant(void);

int qx_create(void *(*start)(void *), void *arg, const void *site); // its number
void qx_join(int thread, const void *site);                         // waits for its end
void qx_end_thread(void *result) __attribute__((noreturn));

/* Nobody reads: urcu.c. */
void qx_urcu_begin(void);
/* For a checkpoint: who reads; all threads' specific data and C++ variables: threads.c. */
void qx_urcu_keep(void);
void qx_threads_keep(void);

/* Runs the destructors of the calling thread's own C++ variables, as at the end of the program; of those and
 * of its specific data, as at its own end: threads.c. */
void qx_destroy_variables(void);
void qx_destroy_own(void);
/* Calls visit() for a thread's specific data. */
void qx_visit_specific(const struct qx_thread *thread, void (*visit)(const void *start, size_t size));

/* For whoever makes events. Before each: in a walk, another thread may make its step first. */
void qx_step(void);
/* The event that the graph has next for the calling thread, which must be of this
 * kind and at this location; QX_NONE: the thread is at the end of what is known. */
int qx_repeated(enum qx_kind kind, int location, const void *site);
/* The calling thread has executed the event. */
void qx_done(int e);
/* Lets others run until an event of theirs is executed. */
void qx_wait_until_executed(int e);
/* Has it been executed in this run? */
bool qx_was_executed(int e);
/* The calling thread's last event that was executed. */
int qx_last_executed(int thread);
/* Has this execution had a second thread? */
bool qx_divided(void);

#endif
