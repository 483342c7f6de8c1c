/* What programs tell ThreadSanitizer in words of their own. The explorer sees the accesses themselves and
 * takes nobody's word for an order, so nothing happens here. */

#define IGNORED(name, ...)  \
    void name(__VA_ARGS__); \
    void name(__VA_ARGS__)  \
    {                       \
    }

#pragma GCC diagnostic ignored "-Wunused-parameter"

IGNORED(__tsan_acquire, void *address)
IGNORED(__tsan_release, void *address)
IGNORED(__tsan_mutex_create, void *mutex, unsigned flags)
IGNORED(__tsan_mutex_destroy, void *mutex, unsigned flags)
IGNORED(__tsan_mutex_pre_lock, void *mutex, unsigned flags)
IGNORED(__tsan_mutex_post_lock, void *mutex, unsigned flags, int recursion)
IGNORED(__tsan_mutex_post_unlock, void *mutex, unsigned flags)
IGNORED(__tsan_mutex_pre_signal, void *mutex, unsigned flags)
IGNORED(__tsan_mutex_post_signal, void *mutex, unsigned flags)
IGNORED(__tsan_mutex_pre_divert, void *mutex, unsigned flags)
IGNORED(__tsan_mutex_post_divert, void *mutex, unsigned flags)
IGNORED(AnnotateHappensBefore, const char *file, int line, const volatile void *address)
IGNORED(AnnotateHappensAfter, const char *file, int line, const volatile void *address)
IGNORED(AnnotateIgnoreReadsBegin, const char *file, int line)
IGNORED(AnnotateIgnoreReadsEnd, const char *file, int line)
IGNORED(AnnotateIgnoreWritesBegin, const char *file, int line)
IGNORED(AnnotateIgnoreWritesEnd, const char *file, int line)
IGNORED(AnnotateIgnoreSyncBegin, const char *file, int line)
IGNORED(AnnotateIgnoreSyncEnd, const char *file, int line)
IGNORED(AnnotateRWLockCreate, const char *file, int line, const volatile void *lock)
IGNORED(AnnotateRWLockCreateStatic, const char *file, int line, const volatile void *lock)
IGNORED(AnnotateRWLockDestroy, const char *file, int line, const volatile void *lock)
IGNORED(AnnotateRWLockAcquired, const char *file, int line, const volatile void *lock, long writer)
IGNORED(AnnotateRWLockReleased, const char *file, int line, const volatile void *lock, long writer)
IGNORED(AnnotateCondVarSignal, const char *file, int line, const volatile void *condition)
IGNORED(AnnotateCondVarSignalAll, const char *file, int line, const volatile void *condition)
IGNORED(AnnotateCondVarWait, const char *file, int line, const volatile void *condition,
        const volatile void *lock)
IGNORED(AnnotateMutexIsNotPHB, const char *file, int line, const volatile void *mutex)
IGNORED(AnnotateMutexIsUsedAsCondVar, const char *file, int line, const volatile void *mutex)
IGNORED(AnnotatePublishMemoryRange, const char *file, int line, const volatile void *address, long size)
IGNORED(AnnotateUnpublishMemoryRange, const char *file, int line, const volatile void *address, long size)
IGNORED(AnnotateNewMemory, const char *file, int line, const volatile void *address, long size)
IGNORED(AnnotateBenignRace, const char *file, int line, const volatile void *address, const char *description)
IGNORED(AnnotateBenignRaceSized, const char *file, int line, const volatile void *address, long size,
        const char *description)
IGNORED(AnnotateExpectRace, const char *file, int line, const volatile void *address, const char *description)
IGNORED(AnnotateEnableRaceDetection, const char *file, int line, int enable)
IGNORED(AnnotateFlushExpectedRaces, const char *file, int line)
IGNORED(AnnotateFlushState, const char *file, int line)
IGNORED(AnnotateThreadName, const char *file, int line, const char *name)
IGNORED(__tsan_flush_memory, void)

int RunningOnValgrind(void);
int RunningOnValgrind(void)
{
    return 0;
}

int __tsan_mutex_pre_unlock(void *mutex, unsigned flags);
int __tsan_mutex_pre_unlock(void *mutex, unsigned flags)
{
    return 0;
}
