/* rwlock.pml: concurrency/rwlock.c. Two readers and a writer come again and again; one of the readers gives up
 * now and then. The line, a mutex, is taken for a fair one here.
 *
 * holds: apart   a writer is inside alone
 * holds: writes  a writer gets in, whatever the readers do
 * holds: reads   a reader gets in, whatever the writers do
 * twin: READER_WAKES_NOBODY writes  the last reader wakes nobody
 * twin: WRITER_WAKES_NOBODY reads   a writer wakes nobody
 * twin: READERS_PASS writes         readers enter although someone waits
 * twin: IGNORES_READERS apart       a writer enters among readers */
#define THREADS 3
#include "futex.pml"

#define WRITER 1
#define HEAD 2
#define READER 4

byte state, reading, writing;
byte ticket, serving; /* of the line */
bool wants_to_read, wants_to_write; /* the first reader, the writer */
chan sleepers = [THREADS] of { byte };

inline stand_in_line(mine)
{
    atomic { mine = ticket; ticket = (ticket + 1) % THREADS };
    serving == mine
}

/* wait_in_line(): `closed` has to be gone, `self` comes */
inline wait_at_head(closed, self, passed)
{
    atomic { state = state | HEAD; seen = state };
    do
    :: atomic {
           if
           :: !(state & closed) -> state = (state & ~HEAD) + self; break
           :: else -> seen = state
           fi
       };
       if
       :: _pid != 1 -> futex_wait(sleepers, state, seen, slept)
       :: else -> futex_wait_until(sleepers, state, seen, slept, passed)
       fi;
       atomic {
           if
           :: passed && (state & closed) ->
              state = state & ~HEAD;
              break
           :: passed && !(state & closed) -> passed = false
           :: else
           fi
       }
    od;
    serving = (serving + 1) % THREADS
}

inline take_reader_away()
{
    atomic { seen = state; state = state - READER };
    if
#ifndef READER_WAKES_NOBODY
    :: seen == READER + HEAD -> futex_wake_one(sleepers, sleeper)
#endif
    :: else
    fi
}

active [2] proctype reader() /* 0 and 1 */
{
    byte seen, mine, sleeper;
    bool slept, passed;
    do
    :: atomic { wants_to_read = wants_to_read || _pid == 0; seen = state; state = state + READER };
       if
#ifdef READERS_PASS
       :: seen & WRITER ->
#else
       :: seen & (WRITER | HEAD) ->
#endif
          take_reader_away();
          stand_in_line(mine);
          wait_at_head(WRITER, READER, passed)
       :: else
       fi;
       if
       :: !passed ->
          atomic { reading++; wants_to_read = wants_to_read && _pid != 0 };
          reading--;
          take_reader_away()
       :: else
       fi;
       atomic { passed = false; seen = 0; mine = 0; slept = false }
    od
}

active proctype writer() /* 2 */
{
    byte seen, mine, sleeper;
    bool slept, passed;
    do
    :: atomic { wants_to_write = wants_to_write || _pid == 2; seen = state; state = (seen == 0 -> WRITER : seen) };
       if
       :: seen != 0 ->
          stand_in_line(mine);
#ifdef IGNORES_READERS
          wait_at_head(WRITER, WRITER, passed)
#else
          wait_at_head(255 - HEAD, WRITER, passed)
#endif
       :: else
       fi;
       atomic { writing++; wants_to_write = wants_to_write && _pid != 2 };
       writing--;
       atomic { seen = state; state = state - WRITER };
       if
#ifndef WRITER_WAKES_NOBODY
       :: seen & HEAD -> futex_wake_one(sleepers, sleeper)
#endif
       :: else
       fi;
       atomic { seen = 0; mine = 0; slept = false }
    od
}

ltl apart { [] (writing == 0 || (writing == 1 && reading == 0)) }
ltl writes { [] (wants_to_write -> <> !wants_to_write) }
ltl reads { [] (wants_to_read -> <> !wants_to_read) }
