/* mpsc.c
 *
 * `back` is the node pushed last, 0 when the queue is empty; `first` is the oldest node, NULL when the queue
 * is empty or the push that found it empty is under way. The push that finds back 0 sets first; from then on
 * the consumer moves it, until it has taken the last node and put 0 back.
 *
 * Bit 0 of `back` is CLOSED, which no address of a node has. A push that could find it set must not exchange
 * but compare and swap: in a queue with an end it is lock-free. */
#include <quiesce/concurrency/mpsc.h>
#include <quiesce/concurrency/queue_core.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>

#define CLOSED ((uintptr_t)1)

typedef _Atomic(uintptr_t) back_word;
typedef _Atomic(qsc_mpsc_node *) link;
_Static_assert(sizeof(back_word) == sizeof(uintptr_t) && sizeof(link) == sizeof(qsc_mpsc_node *),
               "both are used as atomic objects");

static back_word *back_of(qsc_mpsc *queue)
{
    return (back_word *)&queue->back;
}

static link *first_of(qsc_mpsc *queue)
{
    return (link *)&queue->first;
}

static link *next_of(qsc_mpsc_node *node)
{
    return (link *)&node->next;
}

// Where the push that finds `back` is to write its node.
static link *link_behind(qsc_mpsc *queue, uintptr_t back)
{
    return back ? next_of((qsc_mpsc_node *)back) : first_of(queue); // NOLINT(performance-no-int-to-ptr)
}

void qsc_mpsc_push(qsc_mpsc *queue, qsc_mpsc_node *node)
{
    atomic_store_explicit(next_of(node), NULL, memory_order_relaxed);
    // acq_rel: pairs with itself, so that the NULL above comes before the link of the push behind us, and
    // with the compare-and-swap in trypop, so that our first comes after the consumer's NULL
    uintptr_t back = atomic_exchange_explicit(back_of(queue), (uintptr_t)node, memory_order_acq_rel);
    // release: pairs with the loads in trypop
    atomic_store_explicit(link_behind(queue, back), node, memory_order_release);
}

// Where the queue has been closed, EPIPE besides: empty for good.
int qsc_mpsc_trypop(qsc_mpsc *queue, qsc_mpsc_node **node)
{
    // seq_cst: pairs with the stores of a push, against a sleeper's prepare, see eventcount.h
    qsc_mpsc_node *oldest = atomic_load_explicit(first_of(queue), memory_order_seq_cst);
    // seq_cst: pairs with close_it, against a sleeper's prepare
    uintptr_t back = atomic_load_explicit(back_of(queue), memory_order_seq_cst);
    if (!oldest)
        return back == 0 ? EAGAIN : back == CLOSED ? EPIPE : EBUSY;
    // seq_cst: pairs with the stores of a push, against a sleeper's prepare
    qsc_mpsc_node *next = atomic_load_explicit(next_of(oldest), memory_order_seq_cst);
    if (!next && (back & ~CLOSED) != (uintptr_t)oldest)
        return EBUSY;
    atomic_store_explicit(first_of(queue), next, memory_order_relaxed);
    // release: pairs with the exchange and the compare-and-swap of a push
    if (!next && !atomic_compare_exchange_strong_explicit(back_of(queue), &back, back & CLOSED,
                                                          memory_order_release, memory_order_relaxed)) {
        atomic_store_explicit(first_of(queue), oldest, memory_order_relaxed);
        return EBUSY;
    }
    *node = oldest;
    return 0;
}

static int trypush(void *core, void *item)
{
    qsc_mpsc *queue = core;
    qsc_mpsc_node *node = item;
    atomic_store_explicit(next_of(node), NULL, memory_order_relaxed);
    uintptr_t back = atomic_load_explicit(back_of(queue), memory_order_relaxed);
    do {
        if (back & CLOSED)
            return EPIPE;
        // acq_rel: pairs with itself and the compare-and-swap in trypop, as in qsc_mpsc_push
    } while (!atomic_compare_exchange_weak_explicit(back_of(queue), &back, (uintptr_t)node,
                                                    memory_order_acq_rel, memory_order_relaxed));
    // seq_cst: pairs with the loads in trypop, before the look for sleepers in notify
    atomic_store_explicit(link_behind(queue, back), node, memory_order_seq_cst);
    return 0;
}

// At a cut the consumer may sleep: the push that goes on will wake it. So it may where a close made the
// compare-and-swap fail: the close will.
static int trypop(void *core, void **item)
{
    qsc_mpsc_node *node;
    int error = qsc_mpsc_trypop(core, &node);
    if (!error)
        *item = node;
    return error == EBUSY ? EAGAIN : error;
}

static void close_it(void *core)
{
    // seq_cst: pairs with the load of back in trypop
    atomic_fetch_or_explicit(back_of(core), CLOSED, memory_order_seq_cst);
}

static void fini(void *core)
{
    (void)core;
}

static int dump(const void *core, char *text, size_t size)
{
    const qsc_mpsc *queue = core;
    uintptr_t back = __atomic_load_n(&queue->back, __ATOMIC_RELAXED);
    return snprintf(text, size, "%s, %s", back & CLOSED ? "closed" : "open",
                    back & ~CLOSED ? "some items" : "empty");
}

int qsc_mpsc_dump(const qsc_mpsc *storage, char *text, size_t size)
{
    return dump(storage, text, size);
}

const struct qsc_queue_core qsc_mpsc_core = {
    .trypush = trypush,
    .trypop = trypop,
    .close = close_it,
    .fini = fini,
    .dump = dump,
};
