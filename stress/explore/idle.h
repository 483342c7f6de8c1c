/* Turns of waiting loops that change nothing: they only read, or take back what they stored. When such a turn
 * may stop, when it must go on, and when those who have stopped will never go on. */
#ifndef QUIESCE_EXPLORE_IDLE_H
#define QUIESCE_EXPLORE_IDLE_H

#include <stdbool.h>
#include <stdint.h>

/* Has the calling thread, since that event of its own, only read, or stored what was there before? */
bool qx_turn_is_idle(uint32_t since);

/* Has the last thing that the calling thread did since then, and it alone, been to choose a store older than
 * the newest? */
bool qx_chose_stale(uint32_t since);

/* Has another thread read what this one, which has stopped, stored in its turn and took back? */
bool qx_turn_was_seen(int thread);

/* Does whatever the stopped threads wait for not come any more, not even later? */
bool qx_stuck_for_ever(void);

#endif
