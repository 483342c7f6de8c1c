#include "checkpoint.h"

#include "memory.h"
#include "options.h"
#include "search.h"
#include "walk.h"

enum {
    LEAST_STEPS = 8,     // between two checkpoints
    BYTES_OF_STEP = 1024 // are copied in the time of a step
};

struct checkpoint {
    uint64_t frame; // of the search
    int events;     // that its graph had
    int steps;      // of the run
    char *bytes;
    size_t capacity;
};

static struct {
    struct checkpoint *stack; // in the order in which they were made
    int count, capacity;
    bool forbidden;
    int last;                // steps before this run's last one
    size_t bytes;            // its size
    struct checkpoint *open; // the one that is made or resumed
} checkpoints = {
#ifdef __SANITIZE_ADDRESS__
    // It marks the variables of a stack elsewhere, and would take the stack that comes back for the one that
    // was left.
    .forbidden = true,
#endif
};

struct qx_kept qx_kept;

void qx_checkpoint_forbid(void)
{
    checkpoints.forbidden = true;
}

// Coverage counts what lies before a checkpoint in each execution that has it.
bool qx_checkpoint_due(int steps)
{
    int since = steps - checkpoints.last;
    return since >= LEAST_STEPS && (size_t)since * BYTES_OF_STEP >= checkpoints.bytes &&
           !checkpoints.forbidden && !qx_walking() && !qx_options()->coverage;
}

void qx_kept_enlarge(size_t size)
{
    struct checkpoint *c = checkpoints.open;
    size_t before = (size_t)(qx_kept.at - c->bytes), capacity = 2 * (before + size);
    c->bytes = qx_grow(c->bytes, c->capacity, capacity);
    c->capacity = capacity;
    qx_kept.at = c->bytes + before;
    qx_kept.end = c->bytes + capacity;
}

static void copy(struct checkpoint *c, bool back, void (*keep)(void))
{
    checkpoints.open = c;
    qx_kept = (struct qx_kept){c->bytes, c->bytes + c->capacity, back};
    keep();
    checkpoints.bytes = (size_t)(qx_kept.at - c->bytes);
    checkpoints.last = c->steps;
}

void qx_checkpoint_take(int steps, void (*keep)(void))
{
    checkpoints.stack =
        qx_room(checkpoints.stack, &checkpoints.capacity, checkpoints.count + 1, sizeof *checkpoints.stack);
    struct checkpoint *c = &checkpoints.stack[checkpoints.count++];
    c->frame = qx_search_frame();
    c->events = qx_search_graph()->events;
    c->steps = steps;
    copy(c, false, keep);
}

// Those that no execution will come back to.
static void drop(void)
{
    while (checkpoints.count > 0) {
        const struct checkpoint *c = &checkpoints.stack[checkpoints.count - 1];
        struct qx_search_kin newest = qx_search_kin();
        int kept = qx_search_kept(&newest, c->frame);
        if (kept == QX_NONE || (c->frame == qx_search_frame() && c->events > kept))
            checkpoints.count--;
        else
            return;
    }
}

bool qx_checkpoint_resume(void (*keep)(void))
{
    checkpoints.last = 0;
    checkpoints.bytes = 0;
    if (qx_walking())
        return false;
    drop();
    struct qx_search_kin kin = qx_search_kin();
    for (int i = checkpoints.count - 1; i >= 0; i--) {
        struct checkpoint *c = &checkpoints.stack[i];
        if (c->events > qx_search_kept(&kin, c->frame))
            continue;
        copy(c, true, keep);
        return true;
    }
    return false;
}
