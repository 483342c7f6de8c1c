#include "frame.h"

#include "machine.h"
#include "options.h"
#include "search.h"
#include "shadow.h"

#include <stdint.h>
#include <stdio.h>

static bool holds(const struct qx_thread *t, const void *address)
{
    return (uintptr_t)address - (uintptr_t)t->context.stack < t->context.stack_size;
}

// The thread on whose stack it lies; QX_NONE: it is the calling one's, or on none.
static int other_owner(const void *address)
{
    if (!qx_context_near(address) || holds(qx_self(), address))
        return QX_NONE;
    for (int i = 0; i < qx_thread_count(); i++) {
        if (qx_thread_of(i)->state != QX_UNUSED && holds(qx_thread_of(i), address))
            return i;
    }
    return QX_NONE;
}

static const char *name_of(int thread)
{
    static char name[30];
    snprintf(name, sizeof name, "thread %d", thread);
    return thread == 0 ? "main" : name;
}

void qx_frame_touch(const void *address, size_t size, const void *site)
{
    int owner = other_owner(address);
    // Nobody minds what is left in main at the end.
    if (owner == QX_NONE || (owner == 0 && qx_options()->ignore_leaks))
        return;
    struct qx_thread *t = qx_thread_of(owner);
    if (t->gone && (owner != 0 || t->state == QX_ENDED)) // main's stack is that of exit's handlers too
        qx_fail(QX_MISUSE, site, NULL, "an access of %zu bytes to a variable of %s, which has ended", size,
                name_of(owner));
    uintptr_t at = (uintptr_t)address;
    if (t->seen_high == 0 || at < t->seen_low)
        t->seen_low = at;
    if (at + size > t->seen_high)
        t->seen_high = at + size;
}

// The end of the variables counts as a write to them: who uses them has to come before it.
void qx_frame_end(void)
{
    const struct qx_thread *self = qx_self();
    if (self->seen_high == 0)
        return;
    const struct qx_graph *g = qx_search_graph();
    int number = qx_self_number();
    struct qx_touch end = {.address = self->seen_low,
                           .size = self->seen_high - self->seen_low,
                           .write = true,
                           .thread = number,
                           .time = self->executed,
                           .hb = qx_clock(g, g->thread[number].last, QX_HB)};
    struct qx_touch other;
    if (qx_shadow_touch(&end, &other) != QX_NO_CLASH)
        qx_fail(QX_MISUSE, NULL, other.site, "%s ends, not ordered with thread %d's access to its variables",
                name_of(number), other.thread);
}
