/* libstdc++'s own, one a build: -DSHARED (shared_ptr's count), ATOMIC_SHARED (atomic<shared_ptr>), SEMAPHORE,
 * LATCH, BARRIER, CONDITION (with a deadline), ONCE, FUTURE, SHARED_MUTEX or STOP (jthread's stop_token). */
#include <atomic>
#include <barrier>
#include <cassert>
#include <chrono>
#include <condition_variable>
#include <future>
#include <latch>
#include <memory>
#include <mutex>
#include <semaphore>
#include <shared_mutex>
#include <stop_token>
#include <thread>

using namespace std::chrono_literals;

static int data, destroyed;

struct object {
    int value = 1;
    ~object()
    {
        value = 0;
        destroyed++;
    }
};

#if defined(SHARED)
static void run()
{
    auto p = std::make_shared<object>();
    std::weak_ptr<object> w = p;
    std::thread a([q = p]() mutable { assert(q->value == 1), q.reset(); });
    std::thread b([w] {
        if (auto q = w.lock())
            assert(q->value == 1);
    });
    p.reset();
    a.join(), b.join();
    assert(destroyed == 1);
}
#elif defined(ATOMIC_SHARED)
static void run()
{
    {
        std::atomic<std::shared_ptr<object>> current{std::make_shared<object>()};
        std::thread a([&] {
            auto p = current.load();
            assert(p->value == 1);
        });
        current.store(std::make_shared<object>());
        a.join();
    }
    assert(destroyed == 2);
}
#elif defined(SEMAPHORE)
static void run()
{
    std::counting_semaphore<2> s{0};
    std::thread a([&] { data = 1, s.release(); });
    s.acquire();
    assert(data == 1);
    a.join();
}
#elif defined(LATCH)
static void run()
{
    std::latch l{2};
    int seen[2] = {};
    auto work = [&](int i) {
        seen[i] = 1;
        l.count_down();
    };
    std::thread a(work, 0), b(work, 1);
    l.wait();
    assert(seen[0] && seen[1]);
    a.join(), b.join();
}
#elif defined(BARRIER)
static void run()
{
    std::barrier b{2};
    int seen[2] = {};
    auto work = [&](int i) {
        seen[i] = 1;
        b.arrive_and_wait();
        assert(seen[0] && seen[1]);
    };
    std::thread a(work, 0);
    work(1);
    a.join();
}
#elif defined(CONDITION)
static void run()
{
    std::mutex m;
    std::condition_variable c;
    std::thread a([&] {
        std::lock_guard<std::mutex> g(m);
        data = 1;
        c.notify_one();
    });
    {
        std::unique_lock<std::mutex> l(m);
        bool set = c.wait_for(l, 10ms, [] { return data == 1; });
        assert(set == (data == 1));
    }
    a.join();
}
#elif defined(ONCE)
static void run()
{
    std::once_flag f;
    auto work = [&] {
        std::call_once(f, [] { data++; });
        assert(data == 1);
    };
    std::thread a(work), b(work);
    a.join(), b.join();
}
#elif defined(FUTURE)
static void run()
{
    std::promise<int> p;
    auto f = p.get_future();
    std::thread a([&] { p.set_value(1); });
    assert(f.get() == 1);
    a.join();
}
#elif defined(SHARED_MUTEX)
static void run()
{
    std::shared_mutex m;
    std::thread a([&] {
        std::unique_lock l(m);
        data++, data++;
    });
    std::thread b([&] {
        std::shared_lock l(m);
        assert(data % 2 == 0);
    });
    a.join(), b.join();
}
#elif defined(STOP)
static void run()
{
    std::atomic<int> called{0};
    std::jthread a([&](std::stop_token t) { std::stop_callback c(t, [&] { called++; }); });
    a.request_stop();
    a.join();
    assert(called <= 1);
}
#endif

int main()
{
    run();
}
