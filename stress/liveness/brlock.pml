/* brlock.pml: concurrency/brlock.c where the kernel has membarrier(2). Two readers and a writer come again and
 * again. What a reader says in its word is seen late: it passes
 * through a buffer of the reader's, as on a processor, while the reader goes on and looks at the state. The
 * membarrier empties the buffers, one after the other. The line, a mutex, is taken for a fair one here.
 *
 * holds: apart   a writer is inside alone
 * holds: writes  the writer gets in, whatever the readers do
 * holds: reads   a reader gets in, whatever the writer does
 * twin: NO_MEMBARRIER apart          a writer looks for readers without a membarrier
 * twin: STAYS apart                  a reader that sees a writer when it has come stays
 * twin: LOOKS_BEFORE_LEAVING writes  a reader looks whether a writer waits before it says that it leaves
 * twin: READER_WAKES_NOBODY writes   a reader that leaves wakes nobody
 * twin: WRITER_WAKES_NOBODY reads    a writer wakes nobody */
#define THREADS 3
#include "futex.pml"

#define WRITER 1
#define HEAD 2

byte state, reading, writing;
byte ticket, serving; /* of the line */
bool inside[2]; /* the readers' words, as others see them */
chan late[2] = [1] of { bool }; /* what is not seen yet */
bool wants_to_read, wants_to_write; /* the first reader, the writer */
chan at_state = [THREADS] of { byte };
chan at_word[2] = [1] of { byte };

inline stand_in_line(mine)
{
    atomic { mine = ticket; ticket = (ticket + 1) % THREADS };
    serving == mine
}

/* until there is no writer */
inline wait_at_head()
{
    atomic { state = state | HEAD; seen = state };
    do
    :: !(seen & WRITER) -> break
    :: seen & WRITER -> futex_wait(at_state, state, seen, slept); seen = state
    od
}

inline leave()
{
#ifdef LOOKS_BEFORE_LEAVING
    seen = state;
    late[_pid] ! false;
#else
    late[_pid] ! false;
    seen = state;
#endif
    if
#ifndef READER_WAKES_NOBODY
    :: seen & WRITER -> empty(late[_pid]); futex_wake_one(at_word[_pid], sleeper)
#endif
    :: else
    fi
}

active [2] proctype reader() /* 0 and 1 */
{
    byte seen, mine, sleeper;
    bool slept, came;
    do
    :: atomic { wants_to_read = wants_to_read || _pid == 0; came = (state == 0) };
       if
       :: came ->
          late[_pid] ! true;
#ifndef STAYS
          came = (state == 0);
          if
          :: !came -> leave()
          :: else
          fi
#endif
       :: else
       fi;
       if
       :: !came ->
          stand_in_line(mine);
          wait_at_head();
          empty(late[_pid]);
          inside[_pid] = true;
          state = 0;
          serving = (serving + 1) % THREADS
       :: else
       fi;
       atomic { reading++; wants_to_read = wants_to_read && _pid != 0 };
       reading--;
       leave();
       atomic { came = false; seen = 0; mine = 0; slept = false }
    od
}

active proctype writer() /* 2 */
{
    byte seen, mine, sleeper, each;
    bool slept;
    do
    :: atomic { wants_to_write = true; seen = state; state = (seen == 0 -> WRITER : seen) };
       if
       :: seen != 0 ->
          stand_in_line(mine);
          wait_at_head();
          state = WRITER;
          serving = (serving + 1) % THREADS
       :: else
       fi;
#ifndef NO_MEMBARRIER
       empty(late[0]);
       empty(late[1]);
#endif
       do
       :: each < 2 && !inside[each] -> each++
       :: each < 2 && inside[each] -> futex_wait(at_word[each], inside[each], true, slept)
       :: each == 2 -> break
       od;
       atomic { writing++; wants_to_write = false };
       writing--;
       atomic { seen = state; state = state - WRITER };
       if
#ifndef WRITER_WAKES_NOBODY
       :: seen & HEAD -> futex_wake_one(at_state, sleeper)
#endif
       :: else
       fi;
       atomic { seen = 0; mine = 0; each = 0; slept = false }
    od
}

/* The processors of the readers. */
active [2] proctype buffer() /* 3 and 4 */
{
    do
    :: atomic { late[_pid - 3] ? inside[_pid - 3] }
    od
}

ltl apart { [] (writing == 0 || (writing == 1 && reading == 0)) }
ltl writes { [] (wants_to_write -> <> !wants_to_write) }
ltl reads { [] (wants_to_read -> <> !wants_to_read) }
