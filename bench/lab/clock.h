/* The lab's clock and its measured work.
 *
 * A stamp is a reading of the processor's time-stamp counter where that runs at one speed in all states of
 * the processor (invariant), else of CLOCK_MONOTONIC, in "ticks". It is not serialising: instructions before
 * it may still be under way, which is cheaper, and matters little where waits are counted in microseconds. */
#ifndef QUIESCE_LAB_CLOCK_H
#define QUIESCE_LAB_CLOCK_H

#include <quiesce/concurrency/port.h>
#include <stdbool.h>
#include <stdint.h>

struct lab_clock {
    bool tsc;
    double ticks_per_ns;
    double stamp_ns;     /* what a stamp costs, back to back */
    double steps_per_ns; /* of lab_work */
};

/* Measures the clock, at the first call; 20 ms. One thread at a time. */
const struct lab_clock *lab_clock_get(void);

extern bool lab_clock_tsc; /* private: whether lab_ticks may use the counter */

static inline uint64_t lab_ticks(void)
{
#if defined(__x86_64__) || defined(__i386__)
    if (__builtin_expect(lab_clock_tsc, 1))
        return __builtin_ia32_rdtsc();
#endif
    return qsc_port_now_ns();
}

/* Keeps the processor busy with so many steps, each waiting for the one before. */
static inline void lab_work(uint64_t steps)
{
    for (uint64_t x = steps; steps > 0; steps--) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        __asm__ volatile("" : "+r"(x));
    }
}

#endif
