/* answers: MPI-SWS/genmc#6, #15: a loop that is not recognised hangs without a word
 * here: one that counts its turns is left after so many, and named
 * healthy: 3 warning: the loop at wait_for_it, loop-warning.c:
 * twin: what is behind the loop is wrong
 * finds: assertion: assert(turns < 0)
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

atomic_int ready, pause;
long turns;

static void *wait_for_it(void *unused)
{
    long mine = 0;
    while (!atomic_load_explicit(&ready, memory_order_acquire)) {
        for (int i = 0; i < 50; i++)
            mine += 1 + atomic_load_explicit(&pause, memory_order_relaxed);
    }
    turns = mine;
#ifdef BUGGY
    assert(turns < 0);
#endif
    return unused;
}

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, wait_for_it, NULL);
    atomic_store_explicit(&ready, 1, memory_order_release);
    pthread_join(thread, NULL);
    return 0;
}
