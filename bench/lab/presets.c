/* The loads of other programs that compare locks. Only what is known of them is copied; lengths in their own
 * units become nanoseconds of ours. None sets how long or how often is measured: that is this lab's. */
#include "campaign.h"

const struct lab_preset lab_presets[LAB_PRESETS] = {
    {.name = "dice",
     .axes = {[LAB_AXIS_THREADS] = "0.25P,0.5P,P,2P,4P",
              [LAB_AXIS_SECTION] = "300",
              [LAB_AXIS_OUTSIDE] = "3000",
              [LAB_AXIS_SHAPE] = "constant"},
     .copies = "the MutexBench loop of D. Dice and A. Kogan's papers: one central lock, critical section, "
               "non-critical section, passes in a fixed time. Lengths and threads are those of its "
               "re-implementation in github.com/JBPFM/accordin (2026): 300 and 3000 ns, a quarter of the "
               "cores to four times as many. The papers' own tables were not read. Theirs warms up for 1 s "
               "and measures 5 s: --warm-up 1000 --ms 5000."},
    {.name = "glibc",
     .axes = {[LAB_AXIS_THREADS] = "1..P,1.25P",
              [LAB_AXIS_SECTION] = "0,32,128",
              [LAB_AXIS_OUTSIDE] = "1,32,128",
              [LAB_AXIS_SHAPE] = "constant"},
     .copies = "the grid of the benchmarks of locks in glibc (github.com/bminor/glibc, benchtests): critical "
               "sections of 0 to 128 units, of which three here, non-critical ones of 1, 32 and 128, threads "
               "up to 1.25 times the processors. A unit of theirs is a turn of a loop; here it is 1 ns. Not "
               "copied: a fixed number of passes for each thread, which hides unfairness."},
    {.name = "libslock",
     .axes = {[LAB_AXIS_THREADS] = "1..P",
              [LAB_AXIS_SECTION] = "10c",
              [LAB_AXIS_OUTSIDE] = "10000c",
              [LAB_AXIS_SHAPE] = "constant",
              [LAB_AXIS_LINES] = "4",
              [LAB_AXIS_PIN] = "yes"},
     .copies =
         "the defaults of stress_test in libslock (github.com/tudordavid/libslock, 3d81d2e): the lock is "
         "held for 10 cycles, 10000 cycles between, 4 cache lines, threads pinned. Not copied: its fixed "
         "list of processors (here: those that the process may use, in order), and a delay that it adds "
         "for one lock alone."},
    {.name = "flexguard",
     .axes = {[LAB_AXIS_THREADS] = "1..4P",
              [LAB_AXIS_SECTION] = "0",
              [LAB_AXIS_OUTSIDE] = "100c",
              [LAB_AXIS_SHAPE] = "constant",
              [LAB_AXIS_LINES] = "1,8",
              [LAB_AXIS_BACKGROUND] = "0,P"},
     .copies = "the microbenchmark of FlexGuard (SOSP 2025, github.com/vlaforet/flexguard, 951c9417): the "
               "section touches cache lines and does nothing else, 100 cycles between, threads up to more "
               "than the processors, with other threads that spin besides. How many lines and how many "
               "spinning threads are values of ours: 1 and 8, none and one a processor. Not copied: threads "
               "that come and go within a run."},
    {.name = "buhr",
     .axes = {[LAB_AXIS_THREADS] = "1..P",
              [LAB_AXIS_SECTION] = "20",
              [LAB_AXIS_OUTSIDE] = "0",
              [LAB_AXIS_SHAPE] = "uniform",
              [LAB_AXIS_PIN] = "yes"},
     .copies =
         "the harness of github.com/pabuhr/concurrent-locking (f32f830): a critical section of 20 spins "
         "with a check that it was alone, nothing between, lengths made random against convoys, threads "
         "pinned. A spin is 1 ns here. Not copied: its maps of processors by host, and 5 runs of which "
         "it takes the median."},
};
