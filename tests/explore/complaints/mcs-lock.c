/* answers: MPI-SWS/genmc#15, #16: a loop that waits in a queue lock is recognised or not according to how it
 *          is written, or has to be marked
 * twin: the lock is handed over without a release
 * finds: race: data race
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#ifdef BUGGY
enum { RELEASE = memory_order_relaxed };
#else
enum { RELEASE = memory_order_release };
#endif

struct node {
    _Atomic(struct node *) next;
    atomic_int waits;
};
_Atomic(struct node *) tail;
int count;

static void acquire(struct node *own)
{
    atomic_store_explicit(&own->next, NULL, memory_order_relaxed);
    atomic_store_explicit(&own->waits, 1, memory_order_relaxed);
    struct node *before = atomic_exchange_explicit(&tail, own, memory_order_acq_rel);
    if (!before)
        return;
    atomic_store_explicit(&before->next, own, memory_order_release);
    while (own->waits) // as an operator
        ;
}

static void release(struct node *own)
{
    struct node *last = own;
    if (!atomic_load_explicit(&own->next, memory_order_acquire)) {
        if (atomic_compare_exchange_strong_explicit(&tail, &last, NULL, memory_order_release,
                                                    memory_order_relaxed))
            return;
        while (atomic_load_explicit(&own->next, memory_order_acquire) == NULL) // as a function
            ;
    }
    atomic_store_explicit(&atomic_load_explicit(&own->next, memory_order_acquire)->waits, 0, RELEASE);
}

static void *add(void *own)
{
    acquire(own);
    count++;
    release(own);
    return NULL;
}

int main(void)
{
    static struct node nodes[3];
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, add, &nodes[i]);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    assert(count == 3);
    return 0;
}
