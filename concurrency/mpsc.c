/* mpsc.c
 *
 * `back` is the node pushed last, 0 when the queue is empty; `first` is the oldest node, NULL when the queue
 * is empty or the push that found it empty is under way. The push that finds back 0 sets first; from then on
 * the consumer moves it, until it has taken the last node and put 0 back. */
#include <quiesce/concurrency/mpsc.h>

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

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

int qsc_mpsc_trypop(qsc_mpsc *queue, qsc_mpsc_node **node)
{
    // acquire: pairs with the store in push
    qsc_mpsc_node *oldest = atomic_load_explicit(first_of(queue), memory_order_acquire);
    uintptr_t back = atomic_load_explicit(back_of(queue), memory_order_relaxed);
    if (!oldest)
        return back == 0 ? EAGAIN : EBUSY;
    // acquire: pairs with the store in push
    qsc_mpsc_node *next = atomic_load_explicit(next_of(oldest), memory_order_acquire);
    if (!next && back != (uintptr_t)oldest)
        return EBUSY;
    atomic_store_explicit(first_of(queue), next, memory_order_relaxed);
    // release: pairs with the exchange in push
    if (!next && !atomic_compare_exchange_strong_explicit(back_of(queue), &back, 0, memory_order_release,
                                                          memory_order_relaxed)) {
        atomic_store_explicit(first_of(queue), oldest, memory_order_relaxed);
        return EBUSY;
    }
    *node = oldest;
    return 0;
}
