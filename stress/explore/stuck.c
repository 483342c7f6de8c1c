#include "stuck.h"

#include <stdio.h>

struct census {
    int joining, spinning, asleep, locked;
    int missed; // of those asleep: it sleeps although what it slept for has come, or may have
    int last;   // one of those that do not join
};

// A futex's word tells whether its sleeper would have any reason to sleep now; a condition variable has none.
static bool has_missed(const struct qx_thread *t)
{
    return t->halt == QX_SLEEPS && (!t->futex || *t->futex != t->futex_value);
}

static struct census count(void)
{
    struct census c = {0};
    for (int i = 0; i < qx_thread_count(); i++) {
        const struct qx_thread *t = qx_thread_of(i);
        if (t->state == QX_WAITS)
            c.joining++;
        if (t->state != QX_STOPPED)
            continue;
        c.spinning += t->halt == QX_SPINS;
        c.asleep += t->halt == QX_SLEEPS;
        c.locked += t->halt == QX_AWAITS;
        c.missed += has_missed(t);
        c.last = i;
    }
    return c;
}

void qx_stuck_name(struct qx_failure *failure)
{
    struct census c = count();
    const char *others = c.joining ? "ended, or wait for its end" : "ended";
    *failure = (struct qx_failure){.fault = QX_DEADLOCK, .text = "nobody can go on"};
    if (c.spinning == 1 && !c.asleep && !c.locked) {
        failure->fault = QX_STARVATION;
        snprintf(failure->text, sizeof failure->text, "thread %d waits for ever, the others have %s", c.last,
                 others);
    } else if (c.spinning && !c.asleep && !c.locked) {
        failure->fault = QX_LIVELOCK;
        snprintf(failure->text, sizeof failure->text, "%d threads go round for ever", c.spinning);
    } else if (c.missed && !c.spinning && !c.locked) {
        failure->fault = QX_LOST_WAKE_UP;
        snprintf(failure->text, sizeof failure->text, "nobody is left to wake who sleeps");
    }
}

bool qx_stuck_is(enum qx_fault fault)
{
    return fault == QX_DEADLOCK || fault == QX_LIVELOCK || fault == QX_STARVATION || fault == QX_LOST_WAKE_UP;
}
