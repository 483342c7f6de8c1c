#include "objects.h"

#include "machine.h"
#include "search.h"
#include "shadow.h"

#include <stdint.h>
#include <string.h>

enum { WORD = 4 }; // a lock's word, with which the object begins; a spin lock is no more than that

// What was there before is no more than memory.
static const uint64_t lives = UINT64_C(0x6c69766573206f6e), ended = UINT64_C(0x64657374726f7965);

struct mark {
    uint64_t state;
    const void *site;
};

static bool has_room(size_t size)
{
    return size >= 2 * sizeof(struct mark);
}

static struct mark mark_of(const void *object, size_t size)
{
    struct mark mark = {0};
    if (has_room(size))
        memcpy(&mark, (const char *)object + size - sizeof mark, sizeof mark);
    else
        mark.state = memcmp(object, &ended, WORD) == 0 ? ended : 0;
    return mark;
}

static void set_mark(void *object, size_t size, uint64_t state, const void *site)
{
    struct mark mark = {state, site};
    if (has_room(size))
        memcpy((char *)object + size - sizeof mark, &mark, sizeof mark);
    else if (state == ended)
        memcpy(object, &state, WORD);
}

void qx_object_use(const void *object, size_t size, const char *name, const void *site)
{
    struct mark mark = mark_of(object, size);
    if (mark.state == ended)
        qx_fail(QX_MISUSE, site, mark.site, "%s is used that was destroyed", name);
}

// On a stack it may be an earlier call's, which nobody can find there any more.
void qx_object_begin(void *object, size_t size, const char *name, bool once, const void *site)
{
    struct mark mark = mark_of(object, size);
    if (once && mark.state == lives && !qx_context_near(object))
        qx_fail(QX_MISUSE, site, mark.site, "%s is initialised that was not destroyed since", name);
    set_mark(object, size, once ? lives : 0, site);
}

void qx_object_end(void *object, size_t size, const char *name, const void *site)
{
    qx_object_use(object, size, name, site);
    const struct qx_graph *g = qx_search_graph();
    struct qx_touch end = {.address = (uintptr_t)object,
                           .size = WORD,
                           .write = true,
                           .thread = qx_self_number(),
                           .time = qx_self()->executed,
                           .hb = qx_clock(g, qx_last_executed(qx_self_number()), QX_HB),
                           .site = site};
    struct qx_touch other;
    if (qx_divided() && qx_shadow_touch(&end, &other) != QX_NO_CLASH) {
        qx_clash(other.thread, other.time);
        qx_fail(QX_MISUSE, site, other.site, "%s is destroyed, not ordered with its use by thread %d", name,
                other.thread);
    }
    set_mark(object, size, ended, site);
}
