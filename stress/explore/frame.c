#include "frame.h"

#include "machine.h"
#include "options.h"
#include "search.h"
#include "shadow.h"

#include <stdint.h>

// What other threads have used of it lies between these.
static struct {
    uintptr_t low, high;
} used;

void qx_frame_begin(void)
{
    used.low = used.high = 0;
}

void qx_frame_touch(const void *address, size_t size, const void *site)
{
    const struct qx_thread *main = qx_thread_of(0);
    uintptr_t at = (uintptr_t)address;
    if (at - (uintptr_t)main->context.stack >= main->context.stack_size || qx_self_number() == 0 ||
        qx_options()->ignore_leaks)
        return;
    if (main->gone && main->state == QX_ENDED) // in between its stack is that of exit's handlers
        qx_fail(QX_MISUSE, site, NULL, "an access of %zu bytes to a variable of main, which has ended", size);
    if (used.high == 0 || at < used.low)
        used.low = at;
    if (at + size > used.high)
        used.high = at + size;
}

// The end of the variables counts as a write to them: who uses them has to come before it.
void qx_frame_end(void)
{
    if (used.high == 0)
        return;
    const struct qx_graph *g = qx_search_graph();
    struct qx_touch end = {.address = used.low,
                           .size = used.high - used.low,
                           .write = true,
                           .time = qx_self()->executed,
                           .hb = qx_clock(g, g->thread[0].last, QX_HB)};
    struct qx_touch other;
    if (qx_shadow_touch(&end, &other) != QX_NO_CLASH)
        qx_fail(QX_MISUSE, NULL, other.site,
                "main ends, not ordered with thread %d's access to its variables", other.thread);
}
