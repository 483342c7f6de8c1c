/* Threads, their stacks, and the objects of pthread: used before or after their time. See faults.sh. */
#include "case.h"

#if defined CASE_UNJOINED
static void *run(void *unused)
{
    atomic_store(&word, 1);
    return unused;
}
static void body(void)
{
    pthread_t left;
    pthread_create(&left, NULL, run, NULL);
    if (!BUGGY)
        pthread_detach(left);
}
#elif defined CASE_FRAME || defined CASE_FRAME_EARLY // a detached thread uses main's variable
struct task {
    int input, output;
    atomic_int done;
};
static void *run(void *unused)
{
    return unused;
}
static void *work(void *argument)
{
    struct task *task = argument;
#ifdef CASE_FRAME_EARLY
    task->output = 2 * task->input;
    atomic_store_explicit(&task->done, 1, BUGGY ? memory_order_relaxed : memory_order_release);
#else
    int input = BUGGY ? task->input : 1;
    atomic_store(&word, input);
#endif
    return NULL;
}
static void body(void)
{
}
static void use_frame(struct task *task)
{
    pthread_t worker;
    pthread_create(&worker, NULL, work, task);
    pthread_detach(worker);
#ifdef CASE_FRAME_EARLY
    while (!atomic_load_explicit(&task->done, memory_order_acquire))
        ;
#endif
}
#define LAST                         \
    struct task task = {.input = 1}; \
    use_frame(&task)
#elif defined CASE_DESTROYED || defined CASE_DESTROYED_USED // not ordered after its use; used after it
#if KIND == 0
pthread_mutex_t object;
#define INIT pthread_mutex_init(&object, NULL)
#define USE (pthread_mutex_lock(&object), pthread_mutex_unlock(&object))
#define DESTROY pthread_mutex_destroy(&object)
#elif KIND == 1
pthread_rwlock_t object;
#define INIT pthread_rwlock_init(&object, NULL)
#define USE (pthread_rwlock_rdlock(&object), pthread_rwlock_unlock(&object))
#define DESTROY pthread_rwlock_destroy(&object)
#elif KIND == 2
pthread_cond_t object;
#define INIT pthread_cond_init(&object, NULL)
#define USE pthread_cond_signal(&object)
#define DESTROY pthread_cond_destroy(&object)
#elif KIND == 3
sem_t object;
#define INIT sem_init(&object, 0, 0)
#define USE sem_post(&object)
#define DESTROY sem_destroy(&object)
#elif KIND == 4
pthread_spinlock_t object;
#define INIT pthread_spin_init(&object, 0)
#define USE (pthread_spin_lock(&object), pthread_spin_unlock(&object))
#define DESTROY pthread_spin_destroy(&object)
#else
pthread_barrier_t object;
#define INIT pthread_barrier_init(&object, NULL, 1)
#define USE pthread_barrier_wait(&object)
#define DESTROY pthread_barrier_destroy(&object)
#endif
#define FIRST INIT
static void *run(void *unused)
{
    USE;
    atomic_store_explicit(&word, 1, BUGGY ? memory_order_relaxed : memory_order_release);
    return unused;
}
static void body(void)
{
#ifdef CASE_DESTROYED
    if (!atomic_load_explicit(&word, memory_order_acquire))
        return;
    DESTROY;
    INIT;
    USE;
    DESTROY;
#else
    if (BUGGY)
        DESTROY;
#endif
}
#elif defined CASE_DESTROYED_HELD // while a thread waits there
pthread_barrier_t barrier;
#define FIRST pthread_barrier_init(&barrier, NULL, 2)
static void *run(void *unused)
{
    pthread_barrier_wait(&barrier);
    if (BUGGY)
        pthread_barrier_wait(&barrier);
    return unused;
}
static void body(void)
{
    pthread_barrier_wait(&barrier);
    sched_yield();
    pthread_barrier_destroy(&barrier);
}
#elif defined CASE_DESTROYED_SLEEP                   // the condition variable on which a thread sleeps
static void *run(void *unused)
{
    pthread_mutex_lock(&a);
    while (!ready)
        pthread_cond_wait(&condition, &a);
    pthread_mutex_unlock(&a);
    return unused;
}
static void body(void)
{
    pthread_mutex_lock(&a);
    ready = 1;
    if (!BUGGY)
        pthread_cond_broadcast(&condition);
    pthread_cond_destroy(&condition);
    pthread_mutex_unlock(&a);
}
#elif defined CASE_INITIALISED                       // twice; in between it has to be destroyed
pthread_barrier_t barrier;
static void *run(void *unused)
{
    return unused;
}
static void body(void)
{
    pthread_barrier_init(&barrier, NULL, 1);
    pthread_barrier_wait(&barrier);
    if (!BUGGY)
        pthread_barrier_destroy(&barrier);
    pthread_barrier_init(&barrier, NULL, 1);
}
#elif defined CASE_STACK || defined CASE_STACK_EARLY // another thread uses the variable of one that ends
static void *run(void *unused)
{
    int mine = 1;
    atomic_store(&shared, &mine);
#ifdef CASE_STACK_EARLY
    memory_order order = BUGGY ? memory_order_relaxed : memory_order_acquire;
#else
    memory_order order = memory_order_acquire;
    if (BUGGY)
        return unused;
#endif
    while (!atomic_load_explicit(&word, order))
        ;
    return unused;
}
static void body(void)
{
    int *its;
    while (!(its = atomic_load(&shared)))
        ;
    *its = 42;
    atomic_store_explicit(&word, 1, memory_order_release);
}
#else
#error "no such case"
#endif

#include "main.h"
