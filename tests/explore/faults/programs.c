/* What concerns a program as a whole. See faults.sh. */
#include "case.h"

#if defined CASE_CRASH
static void *run(void *unused)
{
    if (BUGGY && atomic_load(&word))
        *(volatile int *)8 = 1;
    return unused;
}
static void body(void)
{
    atomic_store(&word, 1);
}
#elif defined CASE_THREADS // six of them; each its own variables
#define THREADS 6
static void *run(void *unused)
{
    own++;
    assert(own == 1);
    if (atomic_fetch_add_explicit(&word, 1, memory_order_relaxed) == 5)
        assert(!BUGGY);
    return unused;
}
static void body(void)
{
}
#elif defined CASE_ALONE // without any thread or atomic access
#define THREADS 0
static void *run(void *unused)
{
    return unused;
}
static void body(void)
{
    assert(!BUGGY);
}
#elif defined CASE_CHANGING // does something else in every execution
static void *run(void *unused)
{
    atomic_store(&other, 1);
    return unused;
}
static void body(void)
{
    if (BUGGY && rand() % 2)
        atomic_fetch_add(&word, 1);
    atomic_load(&other);
    atomic_load(&other);
}
#else
#error "no such case"
#endif

#include "main.h"
