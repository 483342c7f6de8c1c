/* answers: pelikan-io/cache-rs#61: a stress loop shows an item that was recycled between two looks once in
 *          2400 runs on 24 threads: a green run is weak evidence
 * twin: an item has no version that would tell
 * finds: assertion: assert(value == 1)
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

#ifdef BUGGY
enum { STEP = 0 };
#else
enum { STEP = 1 };
#endif

// A slot names an item and counts how often it was changed; the item's words are atomic, as in a seqlock.
atomic_int slot = 10; // item 1, version 0
atomic_int key_of[2] = {0, 7}, value_of[2] = {0, 1};

static void *look_up(void *unused)
{
    int before = atomic_load(&slot);
    int item = before / 10;
    if (item == 0 || atomic_load(&key_of[item]) != 7)
        return unused;
    int value = atomic_load(&value_of[item]);
    if (atomic_load(&slot) == before)
        assert(value == 1);
    return unused;
}

// Key 7 goes, key 8 has the item for a while, and key 7 comes back.
static void *recycle(void *unused)
{
    atomic_store(&slot, 0);
    atomic_store(&key_of[1], 8);
    atomic_store(&value_of[1], 2);
    atomic_store(&value_of[1], 1);
    atomic_store(&key_of[1], 7);
    atomic_store(&slot, 10 + STEP);
    return unused;
}

int main(void)
{
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, look_up, NULL);
    pthread_create(&threads[1], NULL, recycle, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
