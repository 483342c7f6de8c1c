/* answers: tokio-rs/loom#309, paritytech/parity-db#163, al8n/skl#5: real code overflows a thread's stack of
 *          32 KiB
 * twin: it calls itself without an end, for which no stack is large enough
 * finds: crash: Segmentation fault
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#ifdef BUGGY
enum { LAST = -1 };
#else
enum { LAST = 100 };
#endif

atomic_int word;

static int descend(int depth)
{
    char room[4096];
    memset(room, depth, sizeof room);
    atomic_fetch_add_explicit(&word, room[depth], memory_order_relaxed);
    if (depth == LAST)
        return room[0];
    return descend(depth < 100 ? depth + 1 : 100) + room[1];
}

static void *run(void *unused)
{
    assert(descend(0) == 100 * 101 / 2);
    return unused;
}

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, run, NULL);
    pthread_join(thread, NULL);
    assert(atomic_load(&word) == 100 * 101 / 2);
    return 0;
}
