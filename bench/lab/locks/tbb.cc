// oneTBB's, of which all but one keep no memory for a waiter.
#include "../lock.h"

#include <new>
#include <oneapi/tbb/mutex.h>
#include <oneapi/tbb/queuing_mutex.h>
#include <oneapi/tbb/rw_mutex.h>
#include <oneapi/tbb/spin_mutex.h>
#include <oneapi/tbb/spin_rw_mutex.h>

namespace
{
template <class Lock> Lock *as(void *lock)
{
    return static_cast<Lock *>(lock);
}

template <class Lock> int init(void *lock)
{
    new (lock) Lock;
    return 0;
}

template <class Lock> void fini(void *lock)
{
    as<Lock>(lock)->~Lock();
}

template <class Lock> lab_lock any(const char *name)
{
    lab_lock made{};
    made.name = name;
    made.lock_size = sizeof(Lock);
    made.trylock = true;
    made.verified = "its own tests";
    made.init = init<Lock>;
    made.fini = fini<Lock>;
    return made;
}

template <class Lock> lab_lock exclusive(const char *name)
{
    lab_lock made = any<Lock>(name);
    made.order = "none";
    made.bypass = "without bound";
    made.lock = [](void *lock, void *) { as<Lock>(lock)->lock(); };
    made.unlock = [](void *lock, void *) { as<Lock>(lock)->unlock(); };
    return made;
}

template <class Lock> lab_lock shared(const char *name)
{
    lab_lock made = exclusive<Lock>(name);
    made.order = "writers first";
    made.read_lock = [](void *lock, void *) { as<Lock>(lock)->lock_shared(); };
    made.read_unlock = [](void *lock, void *) { as<Lock>(lock)->unlock_shared(); };
    return made;
}

lab_lock parking(lab_lock made)
{
    made.parks = true;
    return made;
}

lab_lock queuing()
{
    using Lock = tbb::queuing_mutex;
    using Waiter = Lock::scoped_lock;
    lab_lock made = any<Lock>("tbb_queuing_mutex");
    made.waiter_size = sizeof(Waiter);
    made.order = "FIFO";
    made.bypass = "never";
    made.join = [](void *, void *waiter) { new (waiter) Waiter; };
    made.leave = [](void *, void *waiter) { as<Waiter>(waiter)->~Waiter(); };
    made.lock = [](void *lock, void *waiter) { as<Waiter>(waiter)->acquire(*as<Lock>(lock)); };
    made.unlock = [](void *, void *waiter) { as<Waiter>(waiter)->release(); };
    return made;
}

// The parking ones sleep in the library's own table of addresses.
const lab_lock mutex = parking(exclusive<tbb::mutex>("tbb_mutex"));
const lab_lock spin_mutex = exclusive<tbb::spin_mutex>("tbb_spin_mutex");
const lab_lock queuing_mutex = queuing();
const lab_lock rw_mutex = parking(shared<tbb::rw_mutex>("tbb_rw_mutex"));
const lab_lock spin_rw_mutex = shared<tbb::spin_rw_mutex>("tbb_spin_rw_mutex");
LAB_LOCK(mutex);
LAB_LOCK(spin_mutex);
LAB_LOCK(queuing_mutex);
LAB_LOCK(rw_mutex);
LAB_LOCK(spin_rw_mutex);
} // namespace
