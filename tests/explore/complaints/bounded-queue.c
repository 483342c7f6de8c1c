/* answers: tokio-rs/loom#398: the loops of a bounded queue for many producers and consumers, which never
 *          wait for anyone, exceed the number of branches
 * twin: the cell is handed over without a release
 * finds: race: data race
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#ifdef BUGGY
enum { RELEASE = memory_order_relaxed };
#else
enum { RELEASE = memory_order_release };
#endif

enum { CELLS = 2 };

struct cell {
    atomic_uint turn;
    int item;
} cells[CELLS];
atomic_uint tail, head;
int got[2];

// The cell at *position once its turn is `ahead` of it, and the position is ours; NULL: full, or empty.
static struct cell *claim(atomic_uint *position, unsigned ahead, unsigned *mine)
{
    unsigned at = atomic_load_explicit(position, memory_order_relaxed);
    for (;;) {
        struct cell *cell = &cells[at % CELLS];
        int late = (int)(atomic_load_explicit(&cell->turn, memory_order_acquire) - (at + ahead));
        if (late < 0)
            return NULL;
        if (late > 0)
            at = atomic_load_explicit(position, memory_order_relaxed);
        else if (atomic_compare_exchange_weak_explicit(position, &at, at + 1, memory_order_relaxed,
                                                       memory_order_relaxed)) {
            *mine = at;
            return cell;
        }
    }
}

static bool enqueue(int item)
{
    unsigned at;
    struct cell *cell = claim(&tail, 0, &at);
    if (!cell)
        return false;
    cell->item = item;
    atomic_store_explicit(&cell->turn, at + 1, RELEASE);
    return true;
}

static bool dequeue(int *item)
{
    unsigned at;
    struct cell *cell = claim(&head, 1, &at);
    if (!cell)
        return false;
    *item = cell->item;
    atomic_store_explicit(&cell->turn, at + CELLS, RELEASE);
    return true;
}

static void *produce(void *item)
{
    bool done = enqueue(*(int *)item);
    assert(done);
    return NULL;
}

static void *consume(void *unused)
{
    if (!dequeue(&got[0]))
        got[0] = 0;
    return unused;
}

int main(void)
{
    static int items[2] = {1, 2};
    pthread_t threads[3];
    for (unsigned i = 0; i < CELLS; i++)
        atomic_init(&cells[i].turn, i);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, produce, &items[i]);
    pthread_create(&threads[2], NULL, consume, NULL);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    int sum = got[0];
    while (dequeue(&got[1]))
        sum += got[1];
    assert(sum == 3);
    return 0;
}
