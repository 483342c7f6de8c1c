/* eventcount.pml: concurrency/eventcount.c, and how queue.c waits by it. Two consumers sleep until there is an
 * item or the end has come; a producer brings two items, one by one, and closes.
 *
 * A look and the taking of what it finds are one step here, as by the queue's compare-exchange. That who leaves
 * wakes another where a cell in front was late is left out.
 *
 * holds: ends   every consumer gets an item or sees the end
 * holds: clean  nobody is counted when all have gone
 * twin: NO_WAKE ends           a notification wakes nobody
 * twin: KEY_LATE ends          a waiter reads the key when it has announced itself
 * twin: NO_SECOND_LOOK ends    a waiter does not look again when it has announced itself
 * twin: EPOCH_STANDS ends      a notification does not move the epoch
 * twin: NEVER_LEAVES clean     who found an item at the second look stays counted */
#include "futex.pml"
#define CONSUMERS 2

byte epoch, waiting, notified; /* of the eventcount */
byte items, gone;
bool closed;
chan sleepers = [CONSUMERS] of { byte };

inline leave()
{
    atomic {
        if
        :: notified > 0 -> notified--
        :: else -> waiting--
        fi
    }
}

inline notify(count, woken, sleeper)
{
    if
    :: waiting > 0 ->
       atomic {
           woken = (waiting < count -> waiting : count);
           waiting = waiting - woken;
           notified = notified + woken
       };
#ifndef EPOCH_STANDS
       if
       :: woken > 0 -> epoch++
       :: else
       fi;
#endif
#ifndef NO_WAKE
       do
       :: woken > 0 -> futex_wake_one(sleepers, sleeper); woken--
       :: else -> break
       od;
#endif
       woken = 0
    :: else
    fi
}

active [CONSUMERS] proctype consumer()
{
    byte key;
    bool slept, done;

    do
    :: atomic {
           if
           :: items > 0 -> items--; break
           :: items == 0 && closed -> break
           :: else
           fi
       };
#ifdef KEY_LATE
       waiting++;
       key = epoch;
#else
       key = epoch;
       waiting++;
#endif
#ifndef NO_SECOND_LOOK
       atomic {
           if
           :: items > 0 -> items--; done = true
           :: items == 0 && closed -> done = true
           :: else
           fi
       };
#endif
       if
       :: done
#ifndef NEVER_LEAVES
          -> leave()
#endif
       :: else -> futex_wait(sleepers, epoch, key, slept); leave()
       fi;
       if
       :: done -> break
       :: else
       fi
    od;
    gone++
}

active proctype producer()
{
    byte woken, sleeper, n;
    for (n : 1 .. 2) {
        items++;
        notify(1, woken, sleeper)
    };
    closed = true;
    notify(CONSUMERS, woken, sleeper)
}

ltl ends { <> (gone == CONSUMERS) }
ltl clean { [] (gone == CONSUMERS -> <> (waiting == 0 && notified == 0)) }
