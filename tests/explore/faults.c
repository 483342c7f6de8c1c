/* One program for each kind of fault that the explorer reports, and its healthy twin: -DCASE_NAME, -DHEALTHY.
 * See faults.sh. */
#include <assert.h>
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#ifdef CASE_RCU
#include <urcu/urcu-memb.h>
#endif

#ifdef HEALTHY
enum { BUGGY = 0 };
#else
enum { BUGGY = 1 };
#endif

// Not static: of what nobody else can see a compiler removes the accesses.
pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
atomic_int word, other;
int ready;
_Thread_local int own;
_Atomic(int *) shared;

#if defined CASE_DEADLOCK // two locks in two orders
static void *run(void *unused)
{
    pthread_mutex_lock(BUGGY ? &b : &a);
    pthread_mutex_lock(BUGGY ? &a : &b);
    pthread_mutex_unlock(&a);
    pthread_mutex_unlock(&b);
    return unused;
}
static void body(void)
{
    pthread_mutex_lock(&a);
    pthread_mutex_lock(&b);
    pthread_mutex_unlock(&b);
    pthread_mutex_unlock(&a);
}
#elif defined CASE_STRANGER       // unlocks what another holds
static void *run(void *unused)
{
    if (!BUGGY)
        pthread_mutex_lock(&a);
    pthread_mutex_unlock(&a);
    return unused;
}
static void body(void)
{
    pthread_mutex_lock(&a);
    sched_yield();
    pthread_mutex_unlock(&a);
}
#elif defined CASE_LOST_WAKE      // looks before it holds the lock
static void *run(void *unused)
{
    pthread_mutex_lock(&a);
    atomic_store(&word, 1);
    pthread_mutex_unlock(&a);
    pthread_cond_signal(&condition);
    return unused;
}
static void body(void)
{
    int seen = atomic_load(&word);
    pthread_mutex_lock(&a);
    while (!(BUGGY ? seen : atomic_load(&word))) {
        pthread_cond_wait(&condition, &a);
        seen = 1;
    }
    pthread_mutex_unlock(&a);
}
#elif defined CASE_LOST_FUTEX     // changes the word and forgets the wake
static void *run(void *unused)
{
    atomic_store(&word, 1);
    if (!BUGGY)
        syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    return unused;
}
static void body(void)
{
    while (!atomic_load(&word))
        syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}
#elif defined CASE_FUTEX_DEADLOCK // a lock made of a futex, taken twice
static void take(void)
{
    while (atomic_exchange(&word, 1))
        syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0);
}
static void give(void)
{
    atomic_store(&word, 0);
    syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}
static void *run(void *unused)
{
    take();
    if (BUGGY)
        take();
    give();
    return unused;
}
static void body(void)
{
    take();
    give();
}
#elif defined CASE_LIVELOCK       // each waits for the other
static void *run(void *unused)
{
    if (!BUGGY)
        atomic_store(&other, 1);
    while (!atomic_load(&word))
        ;
    atomic_store(&other, 1);
    return unused;
}
static void body(void)
{
    while (!atomic_load(&other))
        ;
    atomic_store(&word, 1);
}
#elif defined CASE_SPIN           // waits for what nobody writes; two words and no hint
static void *run(void *unused)
{
    atomic_store_explicit(BUGGY ? &other : &word, 1, memory_order_release);
    return unused;
}
static void body(void)
{
    while (!atomic_load_explicit(&word, memory_order_acquire))
        ;
}
#elif defined CASE_POLL           // asks again and again, under a mutex, what nobody says
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static int said;
static void *run(void *unused)
{
    pthread_mutex_lock(&guard);
    said = !BUGGY;
    pthread_mutex_unlock(&guard);
    return unused;
}
static void body(void)
{
    for (bool heard = false; !heard;) {
        pthread_mutex_lock(&guard);
        heard = said;
        pthread_mutex_unlock(&guard);
    }
}
#elif defined CASE_SEEN           // what a waiting loop stores and takes back is seen twice
static void *run(void *unused)
{
    while (!atomic_load_explicit(&other, memory_order_acquire)) {
        atomic_store(&word, 1);
        atomic_store(&word, 0);
    }
    return unused;
}
static void body(void)
{
    int first = atomic_load(&word), second = atomic_load(&word), third = atomic_load(&word);
    if (BUGGY)
        assert(!(first == 1 && second == 0 && third == 1));
    atomic_store_explicit(&other, 1, memory_order_release);
}
#elif defined CASE_FREED          // read after another thread has freed it
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
#elif defined CASE_TWICE          // freed by whoever finds it
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
#elif defined CASE_BEYOND         // one element behind the last
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
#elif defined CASE_CRASH
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
#elif defined CASE_WEAK       // takes a weak exchange's failure for another thread's success
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
#elif defined CASE_ALLOCATION // does not look at what malloc returns
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
#elif defined CASE_SPURIOUS   // takes every end of a futex wait for a wake-up
static void *run(void *unused)
{
    do
        syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
    while (!BUGGY && !atomic_load(&word));
    assert(atomic_load(&word));
    return unused;
}
static void body(void)
{
    atomic_store(&word, 1);
    syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}
#elif defined CASE_TIMED      // forgets that the time may be over
static void *run(void *unused)
{
    struct timespec soon = {.tv_sec = 1};
    pthread_mutex_lock(&a);
    int code = ready ? 0 : pthread_cond_timedwait(&condition, &a, &soon);
    assert(BUGGY ? code == 0 : code == 0 || code == ETIMEDOUT);
    pthread_mutex_unlock(&a);
    return unused;
}
static void body(void)
{
    pthread_mutex_lock(&a);
    ready = 1;
    pthread_cond_signal(&condition);
    pthread_mutex_unlock(&a);
}
#elif defined CASE_CLOCK      // waits until the clock says that the time is over
static void *run(void *unused)
{
    struct timespec deadline, now;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec++;
    pthread_mutex_lock(&a);
    do {
        if (!ready)
            pthread_cond_timedwait(&condition, &a, &deadline);
        clock_gettime(CLOCK_REALTIME, &now);
    } while (!ready && now.tv_sec < deadline.tv_sec);
    assert(ready || !BUGGY);
    pthread_mutex_unlock(&a);
    return unused;
}
static void body(void)
{
    pthread_mutex_lock(&a);
    ready = 1;
    pthread_cond_signal(&condition);
    pthread_mutex_unlock(&a);
}
#elif defined CASE_RCU        // freed without a grace period
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
#elif defined CASE_THREADS    // six of them; each its own variables
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
#elif defined CASE_SEMAPHORE  // two enter where one may
sem_t semaphore;
static void *run(void *unused)
{
    sem_wait(&semaphore);
    ready++;
    sem_post(&semaphore);
    return unused;
}
static void body(void)
{
}
#elif defined \
    CASE_STALE // a turn that read something old races with what comes later: the loop's end hides it
static void *run(void *unused)
{
    if (BUGGY) {
        atomic_store_explicit(&word, 1, memory_order_relaxed);
        while (!atomic_load_explicit(&other, memory_order_relaxed))
            ;
        ready = 1;
    }
    return unused;
}
static void *spin(void *unused)
{
    while (BUGGY && !atomic_load_explicit(&word, memory_order_relaxed)) {
        if (ready == 7)
            break;
    }
    return unused;
}
static void body(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, spin, NULL);
    atomic_store_explicit(&other, 1, memory_order_relaxed);
    pthread_join(thread, NULL);
}
#elif defined CASE_CHANGING         // does something else in every execution
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
#elif defined CASE_UNJOINED
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
#define INIT pthread_barrier_init(&barrier, NULL, 2)
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
#elif defined CASE_DESTROYED_SLEEP // the condition variable on which a thread sleeps
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
#elif defined CASE_INITIALISED     // twice; in between it has to be destroyed
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
#elif defined CASE_ALLOCATED       // seen before it is allocated: nobody has written there who could race
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
#elif defined CASE_ALONE   // without any thread or atomic access
static void *run(void *unused)
{
    return unused;
}
static void body(void)
{
    assert(!BUGGY);
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
#else
#error "no such case"
#endif

int main(void)
{
    pthread_t threads[6];
    int n = 1;
#ifdef CASE_THREADS
    n = 6;
#endif
#ifdef CASE_ALONE
    n = 0;
#endif
#ifdef CASE_SEMAPHORE
    sem_init(&semaphore, 0, BUGGY ? 2 : 1);
    n = 2;
#endif
#ifdef INIT
    INIT;
#endif
    for (int i = 0; i < n; i++)
        pthread_create(&threads[i], NULL, run, NULL);
    body();
    for (int i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
#if defined CASE_FRAME || defined CASE_FRAME_EARLY
    struct task task = {.input = 1};
    use_frame(&task);
#endif
    return 0;
}
