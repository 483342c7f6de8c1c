/* explore_locks LOCK THREADS PASSES: a lock of the lab in every execution that C11 allows. Oracle: a plain
 * count, which the lock must order, has every pass in it. */
#include "lock.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES = 256, THREADS_MAX = 3 };

static const struct lab_lock *kind;
static int passes;
static int entries;

static _Alignas(64) char lock[BYTES], waiters[THREADS_MAX][BYTES];

static void *pass(void *waiter)
{
    for (int i = 0; i < passes; i++) {
        kind->lock(lock, waiter);
        entries++;
        kind->unlock(lock, waiter);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    assert(argc == 4);
    kind = lab_lock_find(argv[1]);
    const int threads = atoi(argv[2]);
    passes = atoi(argv[3]);
    assert(kind && kind->lock_size <= BYTES && kind->waiter_size <= BYTES && threads <= THREADS_MAX);
    assert(!kind->init && !kind->join && "such locks have programs of their own");
    pthread_t others[THREADS_MAX];
    for (int i = 1; i < threads; i++) {
        int error = pthread_create(&others[i], NULL, pass, waiters[i]);
        assert(error == 0);
    }
    pass(waiters[0]);
    for (int i = 1; i < threads; i++)
        pthread_join(others[i], NULL);
    assert(entries == threads * passes);
    return 0;
}
