/* Atomic accesses of unlike orders, sizes and places. See faults.sh. */
#include "case.h"

#if defined CASE_STALE // only a turn that reads something old races, with what comes after one more access
atomic_int entered;
static void *run(void *unused)
{
    atomic_store_explicit(&word, 1, memory_order_relaxed);
    atomic_store_explicit(&other, 1, memory_order_relaxed);
    if (atomic_load_explicit(&entered, memory_order_relaxed) &&
        atomic_load_explicit(&entered, memory_order_relaxed))
        ready = 1;
    return unused;
}
static void body(void)
{
    if (!BUGGY || !atomic_load_explicit(&other, memory_order_relaxed))
        return;
    atomic_store_explicit(&entered, 1, memory_order_relaxed);
    for (;;) // the load stands once
        if (atomic_load_explicit(&word, memory_order_relaxed) || ready == 7)
            return;
}
#elif defined CASE_PUSH    // an exchange that fails writes to the node, so that the next turn is another one
struct node {
    struct node *next;
    int content;
};
_Atomic(struct node *) stack;
static void *run(void *unused)
{
    struct node *made = malloc(sizeof *made);
    made->content = 1;
    made->next = atomic_load_explicit(&stack, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(
        &stack, &made->next, made, BUGGY ? memory_order_relaxed : memory_order_release, memory_order_relaxed))
        ;
    return unused;
}
static void body(void)
{
    run(NULL);
    for (struct node *n = atomic_load_explicit(&stack, memory_order_acquire); n; n = n->next)
        assert(n->content == 1);
}
#elif defined CASE_WEAK    // takes a weak exchange's failure for another thread's success
static void *run(void *unused)
{
    int expected = 0;
    bool done = BUGGY ? atomic_compare_exchange_weak(&word, &expected, 1)
                      : atomic_compare_exchange_strong(&word, &expected, 1);
    assert(done);
    return unused;
}
static void body(void)
{
}
#elif defined CASE_WIDE    // a stack whose head of 16 bytes has a tag, which nobody counts up: ABA
struct head {
    int64_t top, tag;
};
_Atomic struct head head; // node 0, which node 1 follows
atomic_int next[2] = {1, -1}, owned[2];
static int64_t pop(void)
{
    struct head old = atomic_load(&head), new;
    do {
        if (old.top < 0)
            return -1;
        new = (struct head){next[old.top], old.tag + !BUGGY};
    } while (!atomic_compare_exchange_strong(&head, &old, new));
    bool twice = atomic_exchange(&owned[old.top], 1);
    assert(!twice);
    return old.top;
}
static void push(int64_t node)
{
    struct head old = atomic_load(&head), new;
    atomic_store(&owned[node], 0);
    do {
        atomic_store(&next[node], (int)old.top);
        new = (struct head){node, old.tag + !BUGGY};
    } while (!atomic_compare_exchange_strong(&head, &old, new));
}
static void *run(void *unused)
{
    pop();
    pop();
    return unused;
}
static void body(void)
{
    int64_t first = pop();
    pop();
    if (first >= 0)
        push(first);
}
#elif defined CASE_RESIZED // written as a whole, read in part, in one thread
union {
    _Atomic int64_t whole;
    _Atomic int32_t part;
} resized;
static void *run(void *unused)
{
    atomic_store(&resized.whole, 1);
    if (BUGGY)
        assert(atomic_load(&resized.part) == 1);
    atomic_store(&resized.whole, 2);
    assert((BUGGY ? atomic_load(&resized.part) : (int)atomic_load(&resized.whole)) == 2);
    return unused;
}
static void body(void)
{
}
#elif defined CASE_COPY    // a copy as newer compilers spell it, beside a write
void *__tsan_memcpy(void *to, const void *from, size_t size);
char source[24], target[24];
static void *run(void *unused)
{
    if (!BUGGY)
        pthread_mutex_lock(&a);
    __tsan_memcpy(target, source, sizeof target);
    if (!BUGGY)
        pthread_mutex_unlock(&a);
    return unused;
}
static void body(void)
{
    pthread_mutex_lock(&a);
    source[20] = 1;
    pthread_mutex_unlock(&a);
}
#elif defined CASE_PART    // a plain access to a part of what is otherwise atomic
union {
    _Atomic int64_t whole;
    int32_t part[2];
} parted;
union {
    _Atomic __int128 whole;
    int64_t part[2];
} wide;
static void *run(void *unused)
{
    atomic_store(&parted.whole, 1);
    parted.part[1] = 1;
    assert(atomic_load(&parted.whole) == ((int64_t)1 << 32) + 1);
    atomic_store(&wide.whole, 1);
    wide.part[1] = 1;
    assert((int64_t)(atomic_load(&wide.whole) >> 64) == 1 + BUGGY);
    return unused;
}
static void body(void)
{
}
#elif defined CASE_MIXED   // 16 bytes, of which somebody else takes 8
union {
    _Atomic __int128 whole;
    _Atomic int64_t part;
} mixed;
static void *run(void *unused)
{
    atomic_store(&mixed.whole, (__int128)1 << 64);
    return unused;
}
static void body(void)
{
    if (BUGGY)
        atomic_load(&mixed.part);
    else
        atomic_load(&mixed.whole);
}
#else
#error "no such case"
#endif

#include "main.h"
