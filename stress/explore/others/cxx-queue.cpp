/* Queues in C++, one a build: -DBOOST_SPSC, BOOST_QUEUE, BOOST_STACK (Boost.Lockfree with a fixed capacity),
 * RWQ (moodycamel's ReaderWriterQueue) or MPMC (moodycamel's ConcurrentQueue): nothing is lost, doubled or
 * unwritten. */
#include <cassert>
#include <thread>

#ifndef PRODUCERS
#define PRODUCERS 1
#endif
#ifndef CONSUMERS
#define CONSUMERS 1
#endif
#ifndef ITEMS
#define ITEMS 2
#endif

#if defined(BOOST_SPSC)
#include <boost/lockfree/spsc_queue.hpp>
static boost::lockfree::spsc_queue<int *, boost::lockfree::capacity<2>> *queue;
#define MAKE new boost::lockfree::spsc_queue<int *, boost::lockfree::capacity<2>>
#define PUT(x) queue->push(x)
#define GET(x) queue->pop(x)
#elif defined(BOOST_QUEUE)
#include <boost/lockfree/queue.hpp>
static boost::lockfree::queue<int *, boost::lockfree::capacity<2>> *queue;
#define MAKE new boost::lockfree::queue<int *, boost::lockfree::capacity<2>>
#define PUT(x) queue->push(x)
#define GET(x) queue->pop(x)
#elif defined(BOOST_STACK)
#include <boost/lockfree/stack.hpp>
static boost::lockfree::stack<int *, boost::lockfree::capacity<2>> *queue;
#define MAKE new boost::lockfree::stack<int *, boost::lockfree::capacity<2>>
#define PUT(x) queue->push(x)
#define GET(x) queue->pop(x)
#elif defined(RWQ)
#include <readerwriterqueue.h>
static moodycamel::ReaderWriterQueue<int *, 2> *queue;
#define MAKE new moodycamel::ReaderWriterQueue<int *, 2>(1)
#define PUT(x) queue->enqueue(x)
#define GET(x) queue->try_dequeue(x)
#else
#include <concurrentqueue.h>
static moodycamel::ConcurrentQueue<int *> *queue;
#define MAKE new moodycamel::ConcurrentQueue<int *>
#define PUT(x) queue->enqueue(x)
#define GET(x) queue->try_dequeue(x)
#endif

static int item[PRODUCERS * ITEMS];

static void take()
{
    int *got;
    if (GET(got)) {
        assert(*got == 1); // written, and not taken before
        *got = 2;
    }
}

int main()
{
    queue = MAKE;
    std::thread thread[PRODUCERS + CONSUMERS];
    for (int p = 0; p < PRODUCERS; p++) {
        thread[p] = std::thread([p] {
            for (int i = p * ITEMS; i < p * ITEMS + ITEMS; i++) {
                item[i] = 1;
                bool done = PUT(&item[i]);
                assert(done);
            }
        });
    }
    for (int c = 0; c < CONSUMERS; c++) {
        thread[PRODUCERS + c] = std::thread([] {
            for (int i = 0; i < PRODUCERS * ITEMS / CONSUMERS; i++)
                take();
        });
    }
    for (auto &t : thread)
        t.join();
    for (int i = 0; i < PRODUCERS * ITEMS; i++)
        take();
    for (int i : item)
        assert(i == 2);
    delete queue;
}
