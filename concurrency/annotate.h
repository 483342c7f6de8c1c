/* annotate.h: what ThreadSanitizer cannot see by itself. Part of the inline fast paths, not an interface of
 * its own.
 *
 * Lock annotations tell it which atomic accesses make a lock: it then finds lock-order inversions and writes
 * under a read lock, but it also takes the lock's own ordering on trust. A second build, with QSC_BARE_LOCKS,
 * leaves them out and judges the atomic accesses themselves. Edges (release, acquire) stand for orderings
 * made by code that is not instrumented; they are there in both builds. Without ThreadSanitizer all of this
 * is nothing.
 *
 * With QSC_LOCK_ORDER the lock annotations go to the library's own checker (lock_order.h) instead. */
#ifndef QUIESCE_CONCURRENCY_ANNOTATE_H
#define QUIESCE_CONCURRENCY_ANNOTATE_H

#if defined(__SANITIZE_THREAD__)
#define QSC_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define QSC_TSAN 1
#endif
#endif
#ifndef QSC_TSAN
#define QSC_TSAN 0
#endif

#if QSC_TSAN
#include <sanitizer/tsan_interface.h>
#endif
#ifdef QSC_LOCK_ORDER
#include <quiesce/concurrency/lock_order.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* How a lock is taken. A try, or a wait that may time out, cannot deadlock and takes no part in the lock
 * order. */
enum qsc_annotate { QSC_ANNOTATE_EXCLUSIVE = 0, QSC_ANNOTATE_SHARED = 1, QSC_ANNOTATE_TRY = 2 };

#if defined(QSC_LOCK_ORDER)
static inline void qsc_annotate_lock_begin(void *lock, int how)
{
    if (!(how & QSC_ANNOTATE_TRY))
        qsc_lock_wanted_slow(lock);
}
static inline void qsc_annotate_lock_end(void *lock, int how, int taken)
{
    (void)how;
    if (taken)
        qsc_lock_taken_slow(lock, __builtin_return_address(0));
}
static inline void qsc_annotate_unlock_begin(void *lock, int how)
{
    (void)how;
    qsc_lock_released_slow(lock);
}
static inline void qsc_annotate_unlock_end(void *lock, int how)
{
    (void)lock, (void)how;
}
#elif QSC_TSAN && !defined(QSC_BARE_LOCKS)
static inline unsigned qsc_annotate_flags(int how)
{
    return (how & QSC_ANNOTATE_SHARED ? (unsigned)__tsan_mutex_read_lock : 0U) |
           (how & QSC_ANNOTATE_TRY ? (unsigned)__tsan_mutex_try_lock : 0U);
}
static inline void qsc_annotate_lock_begin(void *lock, int how)
{
    __tsan_mutex_pre_lock(lock, qsc_annotate_flags(how));
}
static inline void qsc_annotate_lock_end(void *lock, int how, int taken)
{
    unsigned failed = taken ? 0U : (unsigned)__tsan_mutex_try_lock_failed;
    __tsan_mutex_post_lock(lock, qsc_annotate_flags(how) | failed, 0);
}
static inline void qsc_annotate_unlock_begin(void *lock, int how)
{
    (void)__tsan_mutex_pre_unlock(lock, qsc_annotate_flags(how));
}
static inline void qsc_annotate_unlock_end(void *lock, int how)
{
    __tsan_mutex_post_unlock(lock, qsc_annotate_flags(how));
}
#else
static inline void qsc_annotate_lock_begin(void *lock, int how)
{
    (void)lock, (void)how;
}
static inline void qsc_annotate_lock_end(void *lock, int how, int taken)
{
    (void)lock, (void)how, (void)taken;
}
static inline void qsc_annotate_unlock_begin(void *lock, int how)
{
    (void)lock, (void)how;
}
static inline void qsc_annotate_unlock_end(void *lock, int how)
{
    (void)lock, (void)how;
}
#endif

/* Everything this thread did so far happens before what a thread does after qsc_annotate_acquire of the same
 * tag. */
static inline void qsc_annotate_release(void *tag)
{
#if QSC_TSAN
    __tsan_release(tag);
#else
    (void)tag;
#endif
}
static inline void qsc_annotate_acquire(void *tag)
{
#if QSC_TSAN
    __tsan_acquire(tag);
#else
    (void)tag;
#endif
}

#ifdef __cplusplus
}
#endif
#endif
