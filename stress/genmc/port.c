/* port.c: port.h and alloc.h as GenMC can run them. */
#include <quiesce/concurrency/alloc.h>
#include <quiesce/concurrency/contended.h>
#include <quiesce/concurrency/port.h>

// The kernel's: a lock orders who looks at the word and falls asleep with those who wake. Two words share one
// only where their addresses fall together. A sleeper counts its wake-ups in one word, also where it sleeps
// in several buckets.
enum { BUCKETS = 61, PLACES = 6 }; // a prime: no stride of the program's words is one of theirs

static struct bucket {
    pthread_mutex_t lock;
    int used; // guarded by the lock, as the next
    const uint32_t *asleep_on[PLACES];
    _Atomic uint32_t *wakes[PLACES];
    _Atomic uint32_t own[PLACES];
} buckets[BUCKETS];

static struct bucket *bucket_of(const uint32_t *word)
{
    return &buckets[(uintptr_t)word / sizeof *word % BUCKETS];
}

// Falls asleep on the word if it is as expected; `wakes` is NULL for the first that a thread sleeps on.
// Returns the thread's place in the bucket, or -1.
static int enter(const uint32_t *word, uint32_t expected, _Atomic uint32_t *wakes)
{
    struct bucket *bucket = bucket_of(word);
    int me = -1;
    pthread_mutex_lock(&bucket->lock);
    if (__atomic_load_n(word, __ATOMIC_RELAXED) == expected) {
        me = bucket->used++;
        assert(me < PLACES);
        bucket->asleep_on[me] = word;
        bucket->wakes[me] = wakes ? wakes : &bucket->own[me];
    }
    pthread_mutex_unlock(&bucket->lock);
    return me;
}

// Returns whether the thread was woken meanwhile.
static bool leave(const uint32_t *word, int me)
{
    struct bucket *bucket = bucket_of(word);
    pthread_mutex_lock(&bucket->lock);
    bool woken = !bucket->asleep_on[me];
    bucket->asleep_on[me] = NULL;
    pthread_mutex_unlock(&bucket->lock);
    return woken;
}

static void await(_Atomic uint32_t *wakes, uint32_t count)
{
    __VERIFIER_loop_begin();
    for (;;) {
        __VERIFIER_spin_start();
        if (atomic_load_explicit(wakes, memory_order_relaxed) >= count)
            return;
        __VERIFIER_spin_end(0);
    }
}

int qsc_port_futex_wait(const uint32_t *word, uint32_t expected, const struct timespec *deadline)
{
    int me = enter(word, expected, NULL);
    if (me < 0)
        return EAGAIN;
    if (deadline) // every one passes, if nobody wakes the thread before that
        return leave(word, me) ? 0 : ETIMEDOUT;
    await(&bucket_of(word)->own[me], 1);
    return 0;
}

// Leaves the first `count`. Returns the last by which it was woken, or -1; of its wake-ups it has awaited
// `awaited`.
static int leave_all(const struct qsc_port_futex *futexes, const int *places, int count, uint32_t awaited)
{
    int last = -1;
    uint32_t wakes = 0;
    for (int i = 0; i < count; i++)
        if (leave(futexes[i].word, places[i])) {
            last = i;
            wakes++;
        }
    if (wakes > awaited)
        await(&bucket_of(futexes[0].word)->own[places[0]], wakes);
    return last;
}

int qsc_port_futex_wait_any(const struct qsc_port_futex *futexes, unsigned count,
                            const struct timespec *deadline)
{
    static int all[THREADS_AT_MOST][QSC_PORT_FUTEXES]; // on the stack of a sleeper they would count as a leak
    int *places = all[pthread_self()], last = (int)count - 1;
    _Atomic uint32_t *wakes = NULL;
    for (int i = 0; i <= last; i++) {
        places[i] = enter(futexes[i].word, futexes[i].expected, wakes);
        if (places[i] < 0) {
            (void)leave_all(futexes, places, i, 0);
            return EAGAIN;
        }
        if (i == 0)
            wakes = &bucket_of(futexes[0].word)->own[places[0]];
    }
    if (!deadline)
        await(wakes, 1);
    int woken = leave_all(futexes, places, last + 1, deadline ? 0 : 1);
    return woken == last ? 0 : woken < 0 ? ETIMEDOUT : EAGAIN;
}

int qsc_port_futex_wake(const uint32_t *word, int count)
{
    struct bucket *bucket = bucket_of(word);
    int woken = 0;
    pthread_mutex_lock(&bucket->lock);
    for (int i = 0; i < bucket->used && woken < count; i++)
        if (bucket->asleep_on[i] == word) {
            bucket->asleep_on[i] = NULL;
            atomic_fetch_add_explicit(bucket->wakes[i], 1, memory_order_relaxed);
            woken++;
        }
    pthread_mutex_unlock(&bucket->lock);
    return woken;
}

bool qsc_port_membarrier_register(void)
{
    return false;
}

void qsc_port_membarrier(void)
{
    assert(false);
}

struct timespec qsc_port_now(void)
{
    return (struct timespec){.tv_sec = 1};
}

uint64_t qsc_port_now_ns(void)
{
    return 1000000000;
}

int qsc_port_thread_create(pthread_t *thread, void *(*run)(void *), void *arg)
{
    return pthread_create(thread, NULL, run, arg);
}

int qsc_port_processors(void)
{
    return 1;
}

uint64_t qsc_contended_begin(const void *lock)
{
    (void)lock;
    return 0;
}

void qsc_contended_end(const void *lock, uint64_t since, int error)
{
    (void)lock, (void)since, (void)error;
}

void *qsc_alloc(size_t bytes)
{
    return malloc(bytes);
}

void *qsc_alloc_aligned(size_t bytes, size_t align)
{
    return aligned_alloc(align, (bytes + align - 1) & ~(align - 1));
}

void *qsc_realloc(void *memory, size_t bytes)
{
    assert(!memory); // nothing grows
    return malloc(bytes);
}

void qsc_free(void *memory)
{
    if (memory)
        free(memory);
}
