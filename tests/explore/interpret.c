#include "interpret.h"

#include <pthread.h>
#include <stdlib.h>

static _Atomic unsigned locations[LOCATIONS_MAX];

struct task {
    const struct program *program;
    int thread;
    int *registers; // all threads' array: each touches the elements of its own statements only
};

#define IN_ORDER(order, call) \
    case order:               \
        return call

#define IN_LOAD_ORDERS(call)                                    \
    IN_ORDER(memory_order_relaxed, call(memory_order_relaxed)); \
    IN_ORDER(memory_order_consume, call(memory_order_consume)); \
    IN_ORDER(memory_order_acquire, call(memory_order_acquire)); \
    IN_ORDER(memory_order_seq_cst, call(memory_order_seq_cst))

#define IN_ALL_ORDERS(call)                                     \
    IN_LOAD_ORDERS(call);                                       \
    IN_ORDER(memory_order_release, call(memory_order_release)); \
    IN_ORDER(memory_order_acq_rel, call(memory_order_acq_rel))

static unsigned load(_Atomic unsigned *at, memory_order order)
{
#define CALL(constant) atomic_load_explicit(at, constant)
    switch (order) {
        IN_LOAD_ORDERS(CALL);
    default:
        abort();
    }
#undef CALL
}

static void store(_Atomic unsigned *at, unsigned value, memory_order order)
{
    switch (order) {
    case memory_order_relaxed:
        atomic_store_explicit(at, value, memory_order_relaxed);
        return;
    case memory_order_release:
        atomic_store_explicit(at, value, memory_order_release);
        return;
    case memory_order_seq_cst:
        atomic_store_explicit(at, value, memory_order_seq_cst);
        return;
    default:
        abort();
    }
}

static unsigned exchange(_Atomic unsigned *at, unsigned value, memory_order order)
{
#define CALL(constant) atomic_exchange_explicit(at, value, constant)
    switch (order) {
        IN_ALL_ORDERS(CALL);
    default:
        abort();
    }
#undef CALL
}

static unsigned fetch_add(_Atomic unsigned *at, unsigned value, memory_order order)
{
#define CALL(constant) atomic_fetch_add_explicit(at, value, constant)
    switch (order) {
        IN_ALL_ORDERS(CALL);
    default:
        abort();
    }
#undef CALL
}

// The value found, which is `expected` when the exchange was done.
static unsigned compare_exchange(_Atomic unsigned *at, unsigned expected, unsigned value,
                                 memory_order success, memory_order failure)
{
#define PAIR(success, failure) ((int)(success)*ORDERS + (int)(failure))
#define CALL(success, failure)                                                           \
    case PAIR(success, failure):                                                         \
        atomic_compare_exchange_strong_explicit(at, &expected, value, success, failure); \
        return expected
    switch (PAIR(success, failure)) {
        CALL(memory_order_relaxed, memory_order_relaxed);
        CALL(memory_order_consume, memory_order_relaxed);
        CALL(memory_order_consume, memory_order_consume);
        CALL(memory_order_acquire, memory_order_relaxed);
        CALL(memory_order_acquire, memory_order_consume);
        CALL(memory_order_acquire, memory_order_acquire);
        CALL(memory_order_release, memory_order_relaxed);
        CALL(memory_order_release, memory_order_consume);
        CALL(memory_order_release, memory_order_acquire);
        CALL(memory_order_acq_rel, memory_order_relaxed);
        CALL(memory_order_acq_rel, memory_order_consume);
        CALL(memory_order_acq_rel, memory_order_acquire);
        CALL(memory_order_seq_cst, memory_order_relaxed);
        CALL(memory_order_seq_cst, memory_order_consume);
        CALL(memory_order_seq_cst, memory_order_acquire);
        CALL(memory_order_seq_cst, memory_order_seq_cst);
    default:
        abort();
    }
#undef CALL
#undef PAIR
}

static void fence(memory_order order)
{
#define CALL(constant) atomic_thread_fence(constant)
    switch (order) {
        IN_ALL_ORDERS(CALL);
    default:
        abort();
    }
#undef CALL
}

static void execute(const struct statement *s, int *registers, int own)
{
    _Atomic unsigned *at = &locations[s->location];
    unsigned value = (unsigned)(s->value_from == NONE ? s->value : registers[s->value_from]);
    switch (s->kind) {
    case LOAD:
        registers[own] = (int)load(at, s->order);
        return;
    case STORE:
        store(at, value, s->order);
        return;
    case EXCHANGE:
        registers[own] = (int)exchange(at, value, s->order);
        return;
    case FETCH_ADD:
        registers[own] = (int)fetch_add(at, value, s->order);
        return;
    case COMPARE_EXCHANGE:
        registers[own] = (int)compare_exchange(at, (unsigned)s->expected, value, s->order, s->failure);
        return;
    case FENCE:
        fence(s->order);
        return;
    default:
        abort();
    }
}

static void *run_thread(void *argument)
{
    const struct task *task = argument;
    for (int i = 0; i < task->program->count; i++) {
        const struct statement *s = &task->program->statements[i];
        if (s->thread == task->thread && (s->guard == NONE || task->registers[s->guard] == s->guard_value))
            execute(s, task->registers, i);
    }
    return NULL;
}

void program_run(const struct program *program, struct outcome *outcome)
{
    pthread_t threads[THREADS_MAX];
    struct task tasks[THREADS_MAX];
    for (int location = 0; location < LOCATIONS_MAX; location++)
        atomic_init(&locations[location], 0);
    for (int i = 0; i < STATEMENTS_MAX; i++)
        outcome->registers[i] = NONE;
    for (int i = 0; i < program->threads; i++) {
        tasks[i] = (struct task){program, i, outcome->registers};
        if (pthread_create(&threads[i], NULL, run_thread, &tasks[i]) != 0)
            abort();
    }
    for (int i = 0; i < program->threads; i++)
        pthread_join(threads[i], NULL);
    for (int location = 0; location < LOCATIONS_MAX; location++)
        outcome->memory[location] = (int)atomic_load_explicit(&locations[location], memory_order_relaxed);
}
