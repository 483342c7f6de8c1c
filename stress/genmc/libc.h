/* libc.h: what GenMC's own headers lack of the C library, for the programs of stress/. It comes first in
 * every unit. Whatever only gives a native run time to meet others is nothing here. */
#ifndef QUIESCE_STRESS_GENMC_LIBC_H
#define QUIESCE_STRESS_GENMC_LIBC_H

#include <assert.h>
#include <genmc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define _TIME_H
#define _SCHED_H
#define _STRING_H
#define QUIESCE_CONCURRENCY_PROBES_H // they are inline assembly
#define QSC_PROBE1(name, one) ((void)(one))
#define QSC_PROBE2(name, one, two) ((void)(one), (void)(two))

#define __builtin_ia32_pause() ((void)0)
#define __builtin_cpu_supports(feature) 0
#define __builtin_add_overflow(a, b, sum) (*(sum) = (a) + (b), false)
#define __builtin_mul_overflow(a, b, product) (*(product) = (a) * (b), false)
#define memset(to, byte, n) (to) // what is set to zero in these programs is static, and is zero
#define memcpy __builtin_memcpy
#define memmove __builtin_memmove
#define fprintf(...) ((void)0)
#define printf(...) ((void)0)
#define snprintf(...) 0

enum { ECANCELED = 125 };

typedef struct {
    int unused;
} cpu_set_t;
#define sched_getaffinity(...) (-1)
#define CPU_COUNT(set) 1
#define gettid() 1

typedef long time_t;
struct timespec {
    time_t tv_sec;
    long tv_nsec;
};
#define CLOCK_MONOTONIC 1

static inline int clock_gettime(int clock, struct timespec *now)
{
    (void)clock;
    now->tv_sec = 1;
    now->tv_nsec = 0;
    return 0;
}

static inline int nanosleep(const struct timespec *span, struct timespec *rest)
{
    (void)span, (void)rest;
    return 0;
}

static inline int sched_yield(void)
{
    return 0;
}

/* Of fields of four bytes where there is room for two at most, else of eight: GenMC follows no access of
 * another size than the store's. */
static inline void set_to_zero(void *memory, size_t size)
{
    if (size > 2 * sizeof(uint32_t))
        for (size_t i = 0; i < size / sizeof(uint64_t); i++)
            ((uint64_t *)memory)[i] = 0;
    else
        for (size_t i = 0; i < size / sizeof(uint32_t); i++)
            ((uint32_t *)memory)[i] = 0;
}

/* Of fields of four bytes, which the clients' objects consist of. */
static inline void *calloc(size_t n, size_t size)
{
    void *memory = malloc(n * size);
    for (size_t i = 0; i < n * size / sizeof(uint32_t); i++)
        ((uint32_t *)memory)[i] = 0;
    return memory;
}

#define pthread_equal(a, b) ((a) == (b))

/* Threads, for which there is one structure each: `__thread` is for scalars and pointers only. */
enum { THREADS_AT_MOST = 6 };

/* One key, for the hooks that thread_exit.c has at the end of a thread. */
typedef int pthread_key_t;
static void (*at_thread_exit)(void *);
static _Thread_local void *thread_value;

static inline int pthread_key_create(pthread_key_t *key, void (*at_exit)(void *))
{
    *key = 0;
    at_thread_exit = at_exit;
    return 0;
}

static inline int pthread_setspecific(pthread_key_t key, const void *value)
{
    (void)key;
    thread_value = (void *)value;
    return 0;
}

struct started {
    void *(*run)(void *);
    void *arg;
};

static inline void *run_started(void *memory)
{
    void *(*run)(void *) = ((struct started *)memory)->run;
    void *arg = ((struct started *)memory)->arg;
    free(memory);
    void *result = run(arg);
    if (thread_value)
        at_thread_exit(thread_value);
    return result;
}

static inline int create_thread(pthread_t *thread, void *attributes, void *(*run)(void *), void *arg)
{
    struct started *started = malloc(sizeof *started);
    started->run = run;
    started->arg = arg;
    return pthread_create(thread, attributes, run_started, started);
}
#define pthread_create create_thread

static inline int strcmp(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a - *b;
}

static inline int strncmp(const char *a, const char *b, size_t n)
{
    for (; n && *a && *a == *b; n--)
        a++, b++;
    return n ? *a - *b : 0;
}

/* A structure that a function returns in two registers would be read as one of 16 bytes. */
#include "stress.h"
#define stress_soon(nanoseconds) \
    {                            \
        1, 0                     \
    }

/* It runs some hundred executions a second at worst: two threads where the explorer takes three. */
#undef STRESS_THREADS
#define STRESS_THREADS(all, least) ((least) < 2 ? (least) : 2)

#endif
