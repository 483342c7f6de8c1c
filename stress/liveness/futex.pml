/* futex.pml: what the kernel does. Comparison and falling asleep are one step; a wake-up goes to the longest
 * sleeper; a deadline may pass at any time. */
#define SLEEPERS 4
bool asleep[SLEEPERS];

inline futex_wait(sleepers, word, expected, slept)
{
    atomic {
        slept = (word == expected);
        if
        :: slept -> sleepers ! _pid; asleep[_pid] = true
        :: else
        fi
    };
    !asleep[_pid]
}

inline futex_wait_until(sleepers, word, expected, slept, passed)
{
    atomic {
        slept = (word == expected);
        if
        :: slept -> sleepers ! _pid; asleep[_pid] = true
        :: else
        fi
    };
    if
    :: !asleep[_pid]
    :: atomic { asleep[_pid] -> sleepers ?? eval(_pid); asleep[_pid] = false; passed = true }
    fi
}

inline futex_wake_one(sleepers, sleeper)
{
    atomic {
        if
        :: sleepers ? sleeper -> asleep[sleeper] = false; sleeper = 0
        :: empty(sleepers)
        fi
    }
}
