/* liburcu's queue and stacks: -DWFCQ (wfcqueue, dequeued under its lock or, with -DSPLICE, spliced), LFS
 * (lfstack) or WFS (wfstack), which are emptied at once. Each node comes out once, with what was written
 * before it went in. */
#include <assert.h>
#include <pthread.h>
#include <stddef.h>

#if defined(WFCQ)
#include <urcu/wfcqueue.h>
typedef struct cds_wfcq_node node_type;
#elif defined(LFS)
#include <urcu/lfstack.h>
typedef struct cds_lfs_node node_type;
#else
#include <urcu/wfstack.h>
typedef struct cds_wfs_node node_type;
#endif

#ifndef PRODUCERS
#define PRODUCERS 2
#endif
#ifndef CONSUMERS
#define CONSUMERS 1
#endif
#ifndef ITEMS
#define ITEMS 1
#endif

static struct item {
    node_type node; // the first member
    int value, taken;
} item[PRODUCERS * ITEMS];

static void take(node_type *node)
{
    struct item *got = (struct item *)node;
    assert(got->value == 1 && !got->taken);
    got->taken = 1;
}

#if defined(WFCQ)
static struct cds_wfcq_head head;
static struct cds_wfcq_tail tail;
#define INIT cds_wfcq_init(&head, &tail)
#define PUT(i) (cds_wfcq_node_init(&item[i].node), cds_wfcq_enqueue(&head, &tail, &item[i].node))

static void take_some(void)
{
#ifdef SPLICE
    struct cds_wfcq_head all;
    struct cds_wfcq_tail all_tail;
    struct cds_wfcq_node *node, *next;
    cds_wfcq_init(&all, &all_tail);
    cds_wfcq_splice_blocking(&all, &all_tail, &head, &tail);
    __cds_wfcq_for_each_blocking_safe(&all, &all_tail, node, next) take(node);
#else
    struct cds_wfcq_node *node = cds_wfcq_dequeue_blocking(&head, &tail);
    if (node)
        take(node);
#endif
}
#elif defined(LFS)
static struct cds_lfs_stack stack;
#define INIT cds_lfs_init(&stack)
#define PUT(i) (cds_lfs_node_init(&item[i].node), cds_lfs_push(&stack, &item[i].node))

static void take_some(void)
{
#ifdef POP
    struct cds_lfs_node *node = cds_lfs_pop_blocking(&stack);
    if (node)
        take(node);
#else
    struct cds_lfs_node *node, *next;
    cds_lfs_for_each_safe(cds_lfs_pop_all_blocking(&stack), node, next) take(node);
#endif
}
#else
static struct cds_wfs_stack stack;
#define INIT cds_wfs_init(&stack)
#define PUT(i) (cds_wfs_node_init(&item[i].node), cds_wfs_push(&stack, &item[i].node))

static void take_some(void)
{
#ifdef POP
    struct cds_wfs_node *node = cds_wfs_pop_blocking(&stack);
    if (node)
        take(node);
#else
    struct cds_wfs_node *node, *next;
    cds_wfs_for_each_blocking_safe(cds_wfs_pop_all_blocking(&stack), node, next) take(node);
#endif
}
#endif

static void *produce(void *number)
{
    int first = *(int *)number * ITEMS;
    for (int i = first; i < first + ITEMS; i++) {
        item[i].value = 1;
        PUT(i);
    }
    return number;
}

static void *consume(void *number)
{
    take_some();
    return number;
}

int main(void)
{
    pthread_t thread[PRODUCERS + CONSUMERS];
    int number[PRODUCERS + CONSUMERS];
    INIT;
    for (int i = 0; i < PRODUCERS + CONSUMERS; i++) {
        number[i] = i;
        pthread_create(&thread[i], NULL, i < PRODUCERS ? produce : consume, &number[i]);
    }
    for (int i = 0; i < PRODUCERS + CONSUMERS; i++)
        pthread_join(thread[i], NULL);
    for (int i = 0; i < PRODUCERS * ITEMS; i++)
        take_some();
    for (int i = 0; i < PRODUCERS * ITEMS; i++)
        assert(item[i].taken);
}
