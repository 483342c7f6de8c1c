/* gradbuf_unordered.c: what is added is in the accumulator at once, in the order in which it comes.
 *
 * Striped: each block has a lock, and a range is added block by block. Atomic: each float is a word of its
 * own, changed by compare-and-swap; nothing orders two of them, and nobody waits: Hogwild's way of adding (B.
 * Recht, C. Re, S. Wright and F. Niu, "Hogwild!: a lock-free approach to parallelizing stochastic gradient
 * descent", NIPS 2011). The order that the reader of the sum needs comes from the commits. */
#include <quiesce/concurrency/gradbuf_internal.h>

#include <errno.h>
#include <string.h>

static void open_zeroed(struct gradbuf *buffers)
{
    memset(accumulator(buffers, buffers->opened - 1), 0, buffers->size * sizeof(float));
    atomic_store_explicit(&buffers->uncommitted, buffers->contributions, memory_order_relaxed);
}

static bool at_once(struct gradbuf *buffers, uint64_t ticket)
{
    (void)buffers, (void)ticket;
    return true;
}

static int begin_nowhere(struct gradbuf *buffers, uint32_t index, float **grad)
{
    (void)buffers, (void)index;
    *grad = NULL;
    return 0;
}

static void count_commit(struct gradbuf *buffers, uint32_t index)
{
    (void)index;
    // acq_rel: pairs with itself, all that was added happens before what the last commit lets happen
    if (atomic_fetch_sub_explicit(&buffers->uncommitted, 1, memory_order_acq_rel) != 1)
        return;
    // seq_cst: pairs with the loads in the conditions, before the look for sleepers in notify
    atomic_fetch_add_explicit(&buffers->complete, 1, memory_order_seq_cst);
    qsc_eventcount_notify(&buffers->changed, UINT32_MAX);
}

static int add_striped(struct gradbuf *buffers, uint32_t index, size_t offset, const float *values,
                       size_t count)
{
    (void)index;
    float *sum = accumulator(buffers, buffers->opened - 1);
    for (size_t done = 0; done < count;) {
        size_t block = (offset + done) / QSC_GRADBUF_BLOCK;
        size_t to_its_end = (block + 1) * QSC_GRADBUF_BLOCK - (offset + done);
        size_t some = count - done < to_its_end ? count - done : to_its_end;
        float *restrict to = sum + offset + done;
        const float *restrict from = values + done;
        qsc_mutex_lock(&buffers->blocks[block].mutex);
        for (size_t i = 0; i < some; i++)
            to[i] += from[i];
        qsc_mutex_unlock(&buffers->blocks[block].mutex);
        done += some;
    }
    return 0;
}

typedef uint32_t __attribute__((may_alias)) word;

static void add_to_word(word *at, float value)
{
    word seen = __atomic_load_n(at, __ATOMIC_RELAXED), next;
    do {
        float sum;
        memcpy(&sum, &seen, sizeof sum);
        sum += value;
        memcpy(&next, &sum, sizeof next);
    } while (!__atomic_compare_exchange_n(at, &seen, next, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
}

static int add_atomically(struct gradbuf *buffers, uint32_t index, size_t offset, const float *values,
                          size_t count)
{
    (void)index;
    float *to = accumulator(buffers, buffers->opened - 1) + offset;
    for (size_t i = 0; i < count; i++)
        add_to_word((word *)&to[i], values[i]);
    return 0;
}

int qsc_gradbuf_init_striped(qsc_gradbuf *buffers_storage, size_t size)
{
    static const struct gradbuf_kind striped = {open_zeroed, at_once,      begin_nowhere,
                                                add_striped, count_commit, NULL};
    if (size == 0)
        return EINVAL;
    return qsc_gradbuf_init_kind(gradbuf_of(buffers_storage), &striped, size,
                                 (size - 1) / QSC_GRADBUF_BLOCK + 1, 0, 0);
}

int qsc_gradbuf_init_atomic(qsc_gradbuf *buffers_storage, size_t size)
{
    static const struct gradbuf_kind atomic = {open_zeroed,    at_once,      begin_nowhere,
                                               add_atomically, count_commit, NULL};
    if (size == 0)
        return EINVAL;
    return qsc_gradbuf_init_kind(gradbuf_of(buffers_storage), &atomic, size, 1, 0, 0);
}
