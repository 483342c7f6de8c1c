/* What the lab knows of a lock. Each file in locks/ describes one lock or family in such structures and
 * registers them with LAB_LOCK; nothing else has to be changed for a lock more. */
#ifndef QUIESCE_LAB_LOCK_H
#define QUIESCE_LAB_LOCK_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* `lock` is lock_size bytes that are zero and begin a cache line, `waiter` the same of waiter_size bytes,
 * which each thread has for each lock. */
struct lab_lock {
    const char *name;

    /* Facts, for those who choose a lock. */
    size_t bytes, waiter_bytes; /* of the lock, of each thread in line; 0: lock_size, waiter_size */
    const char *order;          /* in which the waiters enter */
    const char *bypass;         /* how often a waiter may be overtaken */
    bool trylock, timed;        /* can give up at once, at a deadline */
    bool parks;                 /* a waiter falls asleep */
    const char *verified;       /* how */

    /* What the lab calls. Every lock is called through these pointers, which costs each the same. */
    size_t lock_size, waiter_size;
    int (*init)(void *lock); /* 0 or errno; NULL: zero bytes are an unlocked lock */
    void (*fini)(void *lock);
    void (*join)(void *lock, void *waiter); /* by each thread before its first call; NULL: nothing to do */
    void (*leave)(void *lock, void *waiter);
    void (*lock)(void *lock, void *waiter);
    void (*unlock)(void *lock, void *waiter);
    void (*read_lock)(void *lock, void *waiter); /* NULL: readers exclude each other too */
    void (*read_unlock)(void *lock, void *waiter);
};

/* The locks stand in a section of their own. */
#define LAB_LOCK(identifier)                                        \
    static const struct lab_lock *const lab_registered_##identifier \
        __attribute__((used, section("lab_locks"))) = &identifier

/* An operation that is one call. */
#define LAB_OPERATION(name, call)              \
    static void name(void *lock, void *waiter) \
    {                                          \
        (void)waiter;                          \
        call;                                  \
    }                                          \
    struct lab_lock /* so that a semicolon follows */

/* The same for `init` and `fini`. */
#define LAB_INIT(name, call)    \
    static int name(void *lock) \
    {                           \
        return call;            \
    }                           \
    struct lab_lock
#define LAB_FINI(name, call)     \
    static void name(void *lock) \
    {                            \
        call;                    \
    }                            \
    struct lab_lock

/* The lock whose name is the next in the order of the alphabet, or NULL: "" begins. */
const struct lab_lock *lab_lock_after(const char *name);

/* The one of that name, or NULL. */
const struct lab_lock *lab_lock_find(const char *name);

#ifdef __cplusplus
}
#endif
#endif
