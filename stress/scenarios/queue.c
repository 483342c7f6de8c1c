/* Every wait of the queue against every call that ends it, by each of its cores: spsc- or mpsc- before a
 * scenario's name chooses another than mpmc. Oracle: what was accepted comes out, once and with its content;
 * nothing after the close; nobody is left asleep. */
#include "scenario.h"

#include <errno.h>
#include <quiesce/concurrency/mpsc.h>
#include <quiesce/concurrency/queue.h>
#include <time.h>

struct item {
    qsc_mpsc_node node; // the first member
    int number;         // plain: the queue must order it
};

static enum { MPMC, MPSC, SPSC } core;
static qsc_queue queue;
static struct item items[3];
static const struct timespec long_ago = {0};

static void init(size_t capacity)
{
    int error = 0;
    if (core == MPSC)
        qsc_queue_init_mpsc(&queue);
    else
        error = core == SPSC ? qsc_queue_init_spsc(&queue, capacity) : qsc_queue_init(&queue, capacity);
    assert(error == 0);
}

static void push(int number)
{
    items[number].number = number;
    int error = qsc_queue_push(&queue, &items[number]);
    assert(error == 0);
}

// Spoils the item, so that a second pop of it is found out, and a producer that is late, too.
static int pop(void)
{
    void *popped;
    int error = qsc_queue_pop(&queue, &popped);
    if (error == EPIPE)
        return -1;
    assert(error == 0);
    struct item *item = popped;
    int number = item->number;
    assert(number >= 0 && item == &items[number]);
    item->number = -1;
    return number;
}

static void *push_first(void *unused)
{
    push(0);
    return unused;
}

static void *pop_one(void *unused)
{
    (void)pop();
    return unused;
}

static void *close_it(void *unused)
{
    qsc_queue_close(&queue);
    return unused;
}

static void pop_waits(void)
{
    init(1);
    pthread_t other = scenario_start(push_first, NULL);
    int popped = pop();
    assert(popped == 0);
    scenario_join(other);
    qsc_queue_fini(&queue);
}

// The item that makes room is written anew by the push that waited for it: it must see that it was read.
static void push_waits(void)
{
    init(1);
    push(0);
    pthread_t other = scenario_start(pop_one, NULL);
    push(1);
    int popped = pop();
    assert(popped == 1);
    scenario_join(other);
    qsc_queue_fini(&queue);
}

static void close_wakes_pop(void)
{
    init(1);
    pthread_t other = scenario_start(close_it, NULL);
    int popped = pop();
    assert(popped == -1);
    scenario_join(other);
    qsc_queue_fini(&queue);
}

static void close_wakes_push(void)
{
    init(1);
    push(0);
    pthread_t other = scenario_start(close_it, NULL);
    int error = qsc_queue_push(&queue, &items[1]);
    assert(error == EPIPE);
    scenario_join(other);
    int first = pop(), second = pop();
    assert(first == 0 && second == -1);
    qsc_queue_fini(&queue);
}

static void *push_or_not(void *accepted)
{
    items[0].number = 0;
    int error = qsc_queue_trypush(&queue, &items[0]);
    assert(error == 0 || error == EPIPE);
    *(bool *)accepted = error == 0;
    return NULL;
}

// A push under way when the queue is closed: its consumer may be told of the end only when it is refused.
static void close_against_push(void)
{
    bool accepted;
    init(1);
    pthread_t producer = scenario_start(push_or_not, &accepted);
    pthread_t closer = scenario_start(close_it, NULL);
    int popped = pop();
    scenario_join(producer);
    scenario_join(closer);
    assert((popped == 0) == accepted);
    int then = pop();
    assert(then == -1);
    qsc_queue_fini(&queue);
}

static void two_push(void)
{
    init(2);
    pthread_t first = scenario_start(push_first, NULL);
    push(1);
    int sum = pop() + pop();
    assert(sum == 1);
    scenario_join(first);
    qsc_queue_fini(&queue);
}

static void two_pop(void)
{
    init(2);
    pthread_t first = scenario_start(pop_one, NULL);
    push(0);
    push(1);
    (void)pop();
    scenario_join(first);
    void *none;
    int error = qsc_queue_trypop(&queue, &none);
    assert(error == EAGAIN);
    qsc_queue_fini(&queue);
}

static void *pop_once_until(void *unused)
{
    void *item;
    int error = qsc_queue_pop_until(&queue, &item, &long_ago);
    assert(error == 0 || error == ETIMEDOUT);
    return unused;
}

static void deadline_passes(void)
{
    init(1);
    pthread_t other = scenario_start(pop_once_until, NULL);
    push(0);
    scenario_join(other);
    qsc_queue_fini(&queue);
}

static void *push_once_until(void *unused)
{
    int error = qsc_queue_push_until(&queue, &items[1], &long_ago);
    assert(error == 0 || error == ETIMEDOUT);
    return unused;
}

static void push_deadline_passes(void)
{
    init(1);
    push(0);
    pthread_t other = scenario_start(push_once_until, NULL);
    int popped = pop();
    assert(popped == 0);
    scenario_join(other);
    qsc_queue_fini(&queue);
}

int main(int argc, char **argv)
{
    static const struct scenario all[] = {
        {"pop-waits", pop_waits},
        {"push-waits", push_waits},
        {"close-wakes-pop", close_wakes_pop},
        {"close-wakes-push", close_wakes_push},
        {"close-against-push", close_against_push},
        {"two-push", two_push},
        {"two-pop", two_pop},
        {"deadline-passes", deadline_passes},
        {"push-deadline-passes", push_deadline_passes},
    };
    char *arguments[] = {argv[0], argv[1]};
    if (argc == 2 && (strncmp(argv[1], "mpsc-", 5) == 0 || strncmp(argv[1], "spsc-", 5) == 0)) {
        core = *argv[1] == 'm' ? MPSC : SPSC;
        arguments[1] += 5;
    }
    return scenario_main(all, sizeof all / sizeof *all, argc, arguments);
}
