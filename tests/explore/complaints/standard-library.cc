/* answers: tokio-rs/loom#393, NVIDIA/stdexec#1749: a tool's fakes of the standard library have to follow
 *          each of its versions
 * twin: a flag that is set without the lock
 * finds: race: data race
 */
#include <atomic>
#include <cassert>
#include <condition_variable>
#include <mutex>
#include <thread>

int main()
{
    std::mutex mutex;
    std::condition_variable changed;
    std::once_flag once;
    bool ready = false;
    int made = 0;
    std::atomic<int> seen{0};
    auto make = [&] { std::call_once(once, [&] { made++; }); };

    std::thread waiting([&] {
        make();
        std::unique_lock<std::mutex> lock(mutex);
        changed.wait(lock, [&] { return ready; });
        seen.fetch_add(1, std::memory_order_relaxed);
    });
    make();
#ifdef BUGGY
    ready = true;
#else
    {
        std::lock_guard<std::mutex> lock(mutex);
        ready = true;
    }
#endif
    changed.notify_one();
    waiting.join();
    assert(made == 1 && seen == 1);
}
