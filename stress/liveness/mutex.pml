/* mutex.pml: concurrency/mutex.c. Three threads lock and unlock for ever; the last one gives up
 * now and then, and perhaps goes for good; the one before it unlocks now and then by a hand-over.
 *
 * A compare-exchange that fails only makes the thread decide anew, so that a decision and its exchange are one
 * step here. Whether a thread that was woken is faster than those that overtake it is up to the scheduler:
 * what is shown is that it is woken, again and again.
 *
 * holds: alone   no two are inside
 * holds: goes    as long as someone wants the mutex, someone gets it
 * holds: woken   nobody sleeps for ever
 * twin: NO_WAKE woken        an unlock wakes nobody
 * twin: OWES_NO_WAKE woken   a thread falls asleep without saying that the unlock owes a wake-up
 * twin: FORGETS woken        who takes the mutex after a wait forgets those who still sleep
 * twin: STAYS_RESERVED goes  who gives up leaves its reservation behind
 * twin: STAYS_CLOSED woken   a mutex stays handed over although nobody slept: who was awake may fall asleep
 * twin: TWO_INSIDE alone     who was woken takes the mutex without a look at it */
#define THREADS 3
#define PATIENCE 1
#include "futex.pml"

#define LOCKED 1
#define RESERVED 2
#define WAITER 4
#define WAITERS 28
#define HANDED 64
#define ASLEEP 128

byte word;
byte inside;
bool wants[THREADS], got;
chan sleepers = [THREADS] of { byte };

/* without_waiter() of mutex.c, for one who is counted */
inline leave(reserved)
{
    word = (word - WAITER) & ~(ASLEEP | HANDED);
    if
#ifndef STAYS_RESERVED
    :: reserved -> word = word & ~RESERVED
#endif
    :: else
    fi;
#ifndef FORGETS
    if
    :: word & WAITERS -> word = word | ASLEEP
    :: else
    fi
#endif
}

#define is_free (!(word & LOCKED) && (counted || !(word & (RESERVED | HANDED))))

active [THREADS] proctype thread()
{
    bool counted, reserved, slept, passed, handed;
    byte vain, expected, sleeper;

again:
    wants[_pid] = true;
    atomic {
        if
        :: word == 0 -> word = LOCKED; goto section
        :: else
        fi
    };
decide:
    atomic {
        if
#ifdef TWO_INSIDE
        :: slept || is_free ->
#else
        :: is_free ->
#endif
           if
           :: counted -> leave(reserved)
           :: else -> word = word & ~ASLEEP
           fi;
           word = word | LOCKED;
           goto section
        :: else
        fi;
        reserved = (vain == PATIENCE);
        word = (word | (reserved -> RESERVED : 0)) + (counted -> 0 : WAITER);
#ifndef OWES_NO_WAKE
        word = word | ASLEEP;
#endif
        counted = true;
        expected = word
    };
    if
    :: _pid < THREADS - 1 -> futex_wait(sleepers, word, expected, slept)
    :: else -> futex_wait_until(sleepers, word, expected, slept, passed)
    fi;
    if
    :: passed -> goto give_up
    :: else
    fi;
    if
    :: slept && vain < PATIENCE -> vain++
    :: else
    fi;
    goto decide;
give_up:
    atomic {
        passed = word & LOCKED;
        handed = (word & HANDED) != 0;
        leave(reserved);
        word = word | (handed -> HANDED : LOCKED);
        if
        :: passed || handed -> goto outside
        :: else
        fi
    };
section:
    atomic { inside++; got = true; wants[_pid] = false };
    atomic { inside--; got = false };
    atomic {
        word = word - LOCKED;
        if
        :: _pid == THREADS - 2 -> word = word | HANDED
        :: true
        fi;
        expected = word
    };
    handed = (expected & HANDED) != 0;
    if
#ifndef NO_WAKE
    :: handed || (expected & ASLEEP) -> atomic { slept = nempty(sleepers); futex_wake_one(sleepers, sleeper) }
#endif
    :: else
    fi;
#ifndef STAYS_CLOSED
    if
    :: handed && !slept ->
        atomic {
            handed = (word & HANDED) != 0;
            word = word & ~HANDED
        };
        if
        :: handed -> futex_wake_one(sleepers, sleeper)
        :: else
        fi
    :: else
    fi;
#endif
outside:
    atomic { wants[_pid] = false; counted = false; reserved = false; slept = false; passed = false; handed = false; vain = 0; expected = 0 };
    if
    :: goto again
    :: _pid == THREADS - 1
    fi
}

#define wanted (wants[0] || wants[1] || wants[2])
ltl alone { [] (inside <= 1) }
ltl goes { [] (wanted -> <> (got || !wanted)) }
ltl woken { [] ((asleep[0] -> <> !asleep[0]) && (asleep[1] -> <> !asleep[1])) }
