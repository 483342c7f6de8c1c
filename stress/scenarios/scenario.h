/* scenario.h: what the scenarios share. A scenario is the smallest program in which some orders of a
 * primitive matter: two or three threads, a few calls each, straight on, and an oracle of assertions. The
 * explorer runs each in every execution; ../explore/clients.txt says which, and with which options. */
#ifndef QUIESCE_STRESS_SCENARIO_H
#define QUIESCE_STRESS_SCENARIO_H

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#ifdef NDEBUG
#error "the oracles are assertions: build with -UNDEBUG"
#endif

struct scenario {
    const char *name;
    void (*run)(void);
};

static inline pthread_t scenario_start(void *(*run)(void *), void *arg)
{
    pthread_t thread;
    int error = pthread_create(&thread, NULL, run, arg);
    assert(error == 0);
    return thread;
}

static inline void scenario_join(pthread_t thread)
{
    int error = pthread_join(thread, NULL);
    assert(error == 0);
}

/* Runs the scenario that the program's argument names. Returns main's exit status. */
static inline int scenario_main(const struct scenario *all, size_t count, int argc, char **argv)
{
    for (size_t i = 0; argc == 2 && i < count; i++)
        if (strcmp(argv[1], all[i].name) == 0) {
            all[i].run();
            return 0;
        }
    fprintf(stderr, "usage: %s SCENARIO, one of\n", argv[0]);
    for (size_t i = 0; i < count; i++)
        fprintf(stderr, "  %s\n", all[i].name);
    return 2;
}

#endif
