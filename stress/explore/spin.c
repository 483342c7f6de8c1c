#include "spin.h"

#include "checkpoint.h"
#include "idle.h"
#include "memory.h"
#include "options.h"
#include "walk.h"

#include <string.h>

struct qx_turn {
    const void *site, *address;
    int again;         // how often since it was first
    uint32_t executed; // events at that time
    uint64_t changes;  // of the thread's own
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

void qx_spin_keep(struct qx_thread *thread)
{
    for (int i = 0; i < thread->turn_count; i++) {
        struct qx_turn *turn = &thread->turns[i], now = *turn;
        qx_keep(turn, sizeof *turn);
        turn->stack = now.stack; // never shorter than it was
        turn->capacity = now.capacity;
        qx_keep(turn->stack, turn->size);
    }
}

void qx_spin_stored(void)
{
    struct qx_thread *t = qx_self();
    qx_count_change();
    t->fresh = t->vain_turn; // which may take it back
    t->idle_yields = 0;
}

void qx_spin_changed(void)
{
    qx_self()->vain_turn = false;
    qx_spin_stored();
    qx_spin_begin(qx_self());
}

// A walk goes on with the loop once another thread has changed something, and then with what is newest.
static bool goes_on(struct qx_thread *t)
{
    if (!qx_walking())
        return false;
    bool in_vain = !qx_await_change();
    if (in_vain && t->vain_turn)
        return false;
    t->vain_turn = in_vain;
    t->fresh = true;
    return true;
}

static struct qx_turn *new_turn(struct qx_thread *t)
{
    if (t->turn_count == t->turn_capacity) {
        if (t->turn_capacity == TURNS) // forget the newest
            return &t->turns[TURNS - 1];
        t->turns = qx_grow(NULL, 0, TURNS * sizeof *t->turns);
        t->turn_capacity = TURNS;
    }
    return &t->turns[t->turn_count++];
}

static bool is_same(const struct qx_turn *turn, const struct qx_registers *registers, const char *sp)
{
    return memcmp(&turn->registers, registers, sizeof *registers) == 0 &&
           memcmp(turn->stack, sp, turn->size) == 0;
}

// The turn has changed nothing: the thread waits for a reason to make another.
static void wait_for_reason(struct qx_thread *t, const struct qx_turn *turn, const void *site)
{
    qx_discount_changes(t->changes - turn->changes);
    if (!goes_on(t)) {
        t->halt = QX_SPINS;
        qx_stop_turn(turn->executed, "a loop whose turn changes nothing", site);
    }
    qx_spin_begin(t);
}

void qx_spin_check(const void *address, const void *site)
{
    struct qx_thread *t = qx_self();
    struct qx_registers registers = qx_caller;
    const char *sp = (const char *)registers.at[6], *end = t->context.stack + t->context.stack_size;
    if (sp < t->context.stack || sp >= end)
        return; // on a stack of the program's own
    size_t size = (size_t)(end - sp);
    struct qx_turn *turn = NULL;
    for (int i = 0; i < t->turn_count && !turn; i++) {
        if (t->turns[i].site == site && t->turns[i].size == size)
            turn = &t->turns[i];
    }
    int most = qx_options()->turns, again = turn && turn->address == address ? ++turn->again : 0;
    if (turn && is_same(turn, &registers, sp) && qx_turn_is_idle(turn->executed)) {
        wait_for_reason(t, turn, site);
        turn = NULL;
        again = 0;
    }
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
    turn->changes = t->changes;
    turn->registers = registers;
    turn->size = size;
    memcpy(turn->stack, sp, size);
    // In a walk nobody else need go on meanwhile.
    if (qx_walking() && again % TURNS_ALONE == TURNS_ALONE - 1)
        qx_await_change();
}
