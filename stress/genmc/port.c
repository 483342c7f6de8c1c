/* port.c: port.h and alloc.h as GenMC can run them. */
#include <quiesce/concurrency/alloc.h>
#include <quiesce/concurrency/cancel_wait.h>
#include <quiesce/concurrency/contended.h>
#include <quiesce/concurrency/port.h>

// The kernel's: a lock orders who looks at the word and falls asleep with those who wake. Two words share one
// only where their addresses fall together.
enum { BUCKETS = 8, PLACES = 6 };

static struct bucket {
    pthread_mutex_t lock;
    int used; // guarded by the lock, as the next
    const uint32_t *asleep_on[PLACES];
    _Atomic bool woken[PLACES];
} buckets[BUCKETS];

static struct bucket *bucket_of(const uint32_t *word)
{
    return &buckets[(uintptr_t)word / sizeof *word % BUCKETS];
}

int qsc_port_futex_wait(const uint32_t *word, uint32_t expected, const struct timespec *deadline)
{
    struct bucket *bucket = bucket_of(word);
    pthread_mutex_lock(&bucket->lock);
    if (__atomic_load_n(word, __ATOMIC_RELAXED) != expected) {
        pthread_mutex_unlock(&bucket->lock);
        return EAGAIN;
    }
    int me = bucket->used++;
    assert(me < PLACES);
    bucket->asleep_on[me] = word;
    pthread_mutex_unlock(&bucket->lock);
    if (!deadline) {
        __VERIFIER_loop_begin();
        for (;;) {
            __VERIFIER_spin_start();
            if (atomic_load_explicit(&bucket->woken[me], memory_order_relaxed))
                return 0;
            __VERIFIER_spin_end(0);
        }
    }
    pthread_mutex_lock(&bucket->lock); // every deadline passes, if nobody wakes the thread before that
    bool late = bucket->asleep_on[me];
    bucket->asleep_on[me] = NULL;
    pthread_mutex_unlock(&bucket->lock);
    return late ? ETIMEDOUT : 0;
}

int qsc_port_futex_wake(const uint32_t *word, int count)
{
    struct bucket *bucket = bucket_of(word);
    int woken = 0;
    pthread_mutex_lock(&bucket->lock);
    for (int i = 0; i < bucket->used && woken < count; i++)
        if (bucket->asleep_on[i] == word) {
            bucket->asleep_on[i] = NULL;
            atomic_store_explicit(&bucket->woken[i], true, memory_order_relaxed);
            woken++;
        }
    pthread_mutex_unlock(&bucket->lock);
    return woken;
}

// No token is cancelled here: they sleep on several words at once, which this futex does not offer.
int qsc_cancel_wait(const uint32_t *word, uint32_t expected, const struct timespec *deadline,
                    const qsc_cancel *cancel)
{
    assert(!cancel);
    return qsc_port_futex_wait(word, expected, deadline);
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

void qsc_free(void *memory)
{
    if (memory)
        free(memory);
}
