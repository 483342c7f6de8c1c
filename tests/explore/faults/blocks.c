/* Blocks of the heap: freed early, never written, never freed. See faults.sh. */
#include "case.h"

#if defined CASE_FREED // read after another thread has freed it
static void *run(void *unused)
{
    int *taken = atomic_load_explicit(&shared, memory_order_acquire);
    if (taken)
        assert(*taken == 5);
    return unused;
}
static void body(void)
{
    int *made = malloc(sizeof *made);
    *made = 5;
    atomic_store_explicit(&shared, made, memory_order_release);
    if (BUGGY)
        free(made);
}
#elif defined CASE_TWICE            // freed by whoever finds it
static void *run(void *unused)
{
    free(BUGGY ? atomic_load(&shared) : atomic_exchange(&shared, NULL));
    return unused;
}
static void body(void)
{
    int *made = malloc(sizeof *made);
    atomic_store(&shared, made);
    free(BUGGY ? atomic_load(&shared) : atomic_exchange(&shared, NULL));
}
#elif defined CASE_BEYOND           // one element behind the last
static void *run(void *unused)
{
    return unused;
}
static void body(void)
{
    int *made = malloc(3 * sizeof *made);
    made[BUGGY ? 3 : 2] = 1;
    atomic_store(&shared, made); // or the compiler sees that nobody reads it
}
#elif defined CASE_RCU              // freed without a grace period
static void *run(void *unused)
{
    urcu_memb_register_thread();
    urcu_memb_read_lock();
    int *seen = atomic_load_explicit(&shared, memory_order_acquire);
    if (seen)
        assert(*seen == 5);
    urcu_memb_read_unlock();
    urcu_memb_unregister_thread();
    return unused;
}
static void body(void)
{
    int *made = malloc(sizeof *made);
    *made = 5;
    atomic_store_explicit(&shared, made, memory_order_release);
    atomic_store_explicit(&shared, NULL, memory_order_release);
    if (!BUGGY)
        urcu_memb_synchronize_rcu();
    free(made);
}
#elif defined CASE_ALLOCATED        // seen before it is allocated: nobody has written there who could race
static void *run(void *unused)
{
    int *seen = atomic_load_explicit(&shared, memory_order_acquire);
    if (seen)
        *seen = 18;
    return unused;
}
static void body(void)
{
    int *made = malloc(sizeof *made);
    atomic_store_explicit(&shared, made, BUGGY ? memory_order_relaxed : memory_order_release);
}
#elif defined CASE_UNWRITTEN        // one of two members is forgotten
struct pair {
    int first, second;
    unsigned low : 3, high : 29;
};
static void *run(void *unused)
{
    struct pair *seen = (struct pair *)atomic_load_explicit(&shared, memory_order_acquire);
    if (seen)
        assert(seen->second + (int)seen->low == 7);
    return unused;
}
static void body(void)
{
    struct pair *made = malloc(sizeof *made);
    made->first = 5;
    if (!BUGGY)
        made->second = 6;
    made->low = 1;
    atomic_store_explicit(&shared, &made->first, memory_order_release);
}
#elif defined CASE_UNWRITTEN_ATOMIC // published before it is set
static void *run(void *unused)
{
    atomic_int *seen = (atomic_int *)atomic_load_explicit(&shared, memory_order_acquire);
    if (seen)
        atomic_fetch_add(seen, 1);
    return unused;
}
static void body(void)
{
    atomic_int *made = BUGGY ? malloc(sizeof *made) : calloc(1, sizeof *made);
    atomic_store_explicit(&shared, (int *)made, memory_order_release);
    atomic_store_explicit(made, 1, memory_order_relaxed);
}
#elif defined CASE_WRITTEN_UNSEEN   // by code that the explorer does not see, copied with its padding
struct padded {
    char tag;
    long number;
};
static void *run(void *unused)
{
    return unused;
}
static void body(void)
{
    int pipes[2];
    char *text = malloc(24), *copied = malloc(24), *moved = NULL;
    pipe(pipes);
    if (write(pipes[1], "\xA5\xA5 \xC3\xA5", 6) != 6 || (!BUGGY && read(pipes[0], text, 6) != 6))
        abort();
    close(pipes[0]), close(pipes[1]);
    memcpy(copied, text, 24);
    moved = realloc(copied, 1 << 16);
    assert(moved[5] == 0 && moved[4] == (char)0xA5 && strlen(moved) == 5);
    struct padded *one = malloc(2 * sizeof *one), *two = one + 1;
    one->tag = 1, one->number = 2;
    *two = *one;
    memcpy(one, two, sizeof *one);
    assert(one->number == 2 && two->tag == 1);
    free(text), free(moved), free(one);
}
#elif defined CASE_LEAK             // who does not find the stack empty forgets what he has made
struct node {
    struct node *next;
    char content[16];
};
_Atomic(struct node *) stack;
_Thread_local struct node *mine;
uintptr_t marked;
pthread_key_t key;
static void *run(void *unused)
{
    struct node *made = malloc(sizeof *made), *none = NULL;
    made->next = NULL;
    if (!atomic_compare_exchange_strong(&stack, &none, made) && !BUGGY)
        free(made);
    return unused;
}
static void body(void)
{
    run(NULL);
    // These are reachable: by a chain and from within, by a pointer with a mark, by variables of main's own.
    struct node *found = atomic_load(&stack);
    found->next = malloc(sizeof *found);
    found->next = (struct node *)((char *)found->next + 8);
    marked = (uintptr_t)malloc(sizeof *found) | (uintptr_t)7 << 56;
    mine = malloc(sizeof *found);
    pthread_key_create(&key, NULL);
    pthread_setspecific(key, malloc(sizeof *found));
    unsetenv("KEPT");
    putenv(strcpy(malloc(7), "KEPT=1")); // the C library points to it
}
#elif defined CASE_LEAK_CYCLE       // two that only point to each other
static void *run(void *unused)
{
    return unused;
}
static void body(void)
{
    void **one = malloc(sizeof *one), **two = malloc(2 * sizeof *two);
    *one = two;
    *two = one;
    atomic_store(&shared, BUGGY ? NULL : (int *)one);
}
#elif defined CASE_ALLOCATION       // does not look at what malloc returns
static void *run(void *unused)
{
    int *made = malloc(sizeof *made);
    if (BUGGY || made)
        *made = 1;
    atomic_store(&shared, made);
    return unused;
}
static void body(void)
{
}
#else
#error "no such case"
#endif

#include "main.h"
