/* liburcu's grace period itself, flavour mb (-DRCU_MB), memb (-DRCU_MEMBARRIER) or qsbr (-DQSBR), compiled
 * from its source: a reader never meets an object that was freed, and synchronize_rcu ends. -DINLINE: its
 * inline functions in the place of its calls. */
#ifdef INLINE
#define _LGPL_SOURCE
#endif
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#ifdef QSBR
#include <urcu-qsbr.h>
#else
#include <urcu.h>
#endif

#ifndef READERS
#define READERS 1
#endif
#ifndef SECTIONS
#define SECTIONS 1
#endif

struct object {
    int value;
};
static struct object *current;

static void *read_some(void *number)
{
    rcu_register_thread();
    for (int i = 0; i < SECTIONS; i++) {
        rcu_read_lock();
        struct object *o = rcu_dereference(current);
        assert(o->value == 1);
        rcu_read_unlock();
#ifdef QSBR
        rcu_quiescent_state();
#endif
    }
#ifdef QSBR // it stays registered, offline
    rcu_thread_offline();
    rcu_thread_online();
#endif
    rcu_unregister_thread();
    return number;
}

static struct object *object(void)
{
    struct object *o = malloc(sizeof *o);
    o->value = 1;
    return o;
}

int main(void)
{
    pthread_t thread[READERS];
    current = object();
    for (int i = 0; i < READERS; i++)
        pthread_create(&thread[i], NULL, read_some, NULL);
    struct object *old = current;
    rcu_assign_pointer(current, object());
    synchronize_rcu();
    old->value = 0;
    free(old);
    for (int i = 0; i < READERS; i++)
        pthread_join(thread[i], NULL);
    free(current);
}
