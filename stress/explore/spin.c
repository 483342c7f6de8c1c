#include "spin.h"

#include "memory.h"
#include "options.h"
#include "walk.h"

#include <string.h>

struct qx_turn {
    const void *site, *address;
    int again;         // how often since it was first
    uint32_t executed; // events at that time
    struct qx_registers registers;
    char *stack; // a copy from the stack pointer upwards
    size_t size, capacity;
};

enum {
    TURNS = 8
}; // places remembered: loops with more accesses of their own are found by the oldest of them

enum { TURNS_ALONE = 8 }; // of a loop that counts

__attribute__((used)) struct qx_registers qx_caller; // by the entries

void qx_spin_begin(struct qx_thread *thread)
{
    thread->turn_count = 0;
    thread->idle_yields = 0;
}

void qx_spin_changed(void)
{
    qx_count_change();
    qx_self()->fresh = false;
    qx_spin_begin(qx_self());
}

// A walk goes on with the loop once another thread has changed something, and then with what is newest.
static bool goes_on(struct qx_thread *t)
{
    if (!qx_walking() || (!qx_await_change() && t->fresh))
        return false;
    t->fresh = true;
    qx_spin_begin(t);
    return true;
}

static struct qx_turn *new_turn(struct qx_thread *t)
{
    if (t->turn_count == t->turn_capacity) {
        if (t->turn_capacity == TURNS) // forget the newest
            return &t->turns[TURNS - 1];
        t->turns = qx_grow(NULL, 0, TURNS * sizeof *t->turns);
        memset(t->turns, 0, TURNS * sizeof *t->turns);
        t->turn_capacity = TURNS;
    }
    return &t->turns[t->turn_count++];
}

void qx_spin_check(const void *address, const void *site)
{
    struct qx_thread *t = qx_self();
    const char *sp = (const char *)qx_caller.at[6], *end = t->context.stack + t->context.stack_size;
    if (sp < t->context.stack || sp >= end)
        return; // on a stack of the program's own
    size_t size = (size_t)(end - sp);
    struct qx_turn *turn = NULL;
    for (int i = 0; i < t->turn_count && !turn; i++) {
        if (t->turns[i].site == site && t->turns[i].size == size)
            turn = &t->turns[i];
    }
    if (turn && memcmp(&turn->registers, &qx_caller, sizeof qx_caller) == 0 &&
        memcmp(turn->stack, sp, size) == 0) {
        if (goes_on(t))
            return;
        t->halt = QX_SPINS;
        qx_stop_turn(turn->executed, "a loop whose turn changes nothing", site);
    }
    int most = qx_options()->turns, again = turn && turn->address == address ? ++turn->again : 0;
    if (most > 0 && again > most)
        qx_limit(site);
    if (!turn) {
        turn = new_turn(t);
        turn->again = 0;
    }
    if (turn->capacity < size) {
        size_t capacity = 2 * size;
        turn->stack = qx_grow(turn->stack, turn->capacity, capacity);
        turn->capacity = capacity;
    }
    turn->site = site;
    turn->address = address;
    turn->executed = t->executed;
    turn->registers = qx_caller;
    turn->size = size;
    memcpy(turn->stack, sp, size);
    // In a walk nobody else need go on meanwhile.
    if (qx_walking() && again % TURNS_ALONE == TURNS_ALONE - 1)
        qx_await_change();
}
