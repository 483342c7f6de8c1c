/* Executions that go on from the middle of an earlier one, rather than from main's first instruction: the
 * search changes an event, and all that was done before that event is as it was. A checkpoint is a copy of
 * what the program and the explorer know at that moment of the run. */
#ifndef QUIESCE_EXPLORE_CHECKPOINT_H
#define QUIESCE_EXPLORE_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* From now on none are made, only those that there are can be resumed. */
void qx_checkpoint_forbid(void);

/* Would a checkpoint pay after so many steps of this run? */
bool qx_checkpoint_due(int steps);

/* Makes one of the run after so many steps: keep() hands all that belongs to the run to qx_keep(). */
void qx_checkpoint_take(int steps, void (*keep)(void));

/* Puts the run back to the latest checkpoint that is one of the present execution too: its events that have
 * been executed are all there, and so is the one that was about to be. keep() is the same. False: there is
 * none. */
bool qx_checkpoint_resume(void (*keep)(void));

// Where the bytes of the checkpoint that is made or resumed go on.
struct qx_kept {
    char *at, *end;
    bool back; // it is resumed
};
extern struct qx_kept qx_kept __attribute__((visibility("hidden")));
void qx_kept_enlarge(size_t size); // room for so many bytes more

/* Copies these bytes to the checkpoint that is made, or from the one that is resumed. The calls come in the
 * same order both times, which what was copied before may determine. Most copy a word or two. */
static inline void qx_keep(void *start, size_t size)
{
    if (size == 0)
        return;
    if ((size_t)(qx_kept.end - qx_kept.at) < size)
        qx_kept_enlarge(size);
    if (qx_kept.back)
        memcpy(start, qx_kept.at, size);
    else
        memcpy(qx_kept.at, start, size);
    qx_kept.at += size;
}

#endif
