/* ConcurrentDeque (riften::Deque), a Chase-Lev deque in C++20: an owner pushes twice and pops, thieves steal
 * once each; no item is lost or comes twice. -DCAPACITY=1: it has to grow. -DTHIEVES=2. -DAGAIN: a third item
 * is written to the slot of the first one, which a slow thief may still read. */
#include <riften/deque.hpp>

#include <atomic>
#include <cassert>
#include <thread>

#ifndef CAPACITY
#define CAPACITY 2
#endif
#ifndef THIEVES
#define THIEVES 1
#endif

static std::atomic<int> taken[3];

static void take(std::optional<int> item)
{
    if (item)
        assert(taken[*item].fetch_add(1, std::memory_order_relaxed) == 0);
}

int main()
{
    riften::Deque<int> deque(CAPACITY);
    int items = 0;
    deque.emplace(items++);
    std::thread thieves[THIEVES];
    for (std::thread &thief : thieves)
        thief = std::thread([&] { take(deque.steal()); });
    deque.emplace(items++);
#ifdef AGAIN
    if (deque.size() < CAPACITY)
        deque.emplace(items++);
#endif
    take(deque.pop());
    for (std::thread &thief : thieves)
        thief.join();
    while (!deque.empty())
        take(deque.pop());
    for (int i = 0; i < items; i++)
        assert(taken[i] == 1);
}
