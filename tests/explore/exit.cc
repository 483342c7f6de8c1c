/* What runs after main: -DCASE_NAME has a fault in it, and with -DHEALTHY has none. See exit.sh. */
#include <atomic>
#include <cassert>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#ifdef HEALTHY
enum { BUGGY = 0 };
#else
enum { BUGGY = 1 };
#endif

std::atomic<int> done, others;

#if defined CASE_GLOBAL // destroyed while a thread may still use it
struct log {
    int last = 1;
    std::thread writer;
    void begin()
    {
        writer = std::thread([this] { last = 2; });
        if (BUGGY)
            writer.detach();
    }
    ~log()
    {
        if (writer.joinable())
            writer.join();
        last = 0;
    }
};
log events;
int main()
{
    events.begin();
}
#elif defined CASE_STATIC // made by whoever comes first, and destroyed after main
std::atomic<int> made;
struct once {
    int value;
    once() : value(5)
    {
        made.fetch_add(1, std::memory_order_relaxed);
    }
    ~once()
    {
        assert(value == (BUGGY ? 5 : 6) && made == 1);
    }
};
static once &get()
{
    static once only;
    return only;
}
int main()
{
    auto use = [] { assert(get().value == 5); };
    std::thread one(use), two(use);
    one.join();
    two.join();
    get().value++;
}
#elif defined CASE_ORDER  // the last noted is the first to run, with what main returns
static int step;
static void first()
{
    assert(++step == 3);
}
static void second(int status, void *argument)
{
    assert(++step == 2 && status == (BUGGY ? 0 : 4) && argument == &step);
}
struct object {
    ~object()
    {
        assert(++step == 5);
    }
};
object before_main;
thread_local struct own {
    int touched;
    ~own()
    {
        assert(++step == 1);
    }
} mine;
__attribute__((destructor)) static void last()
{
    assert(++step == 6);
}
int main()
{
    static struct local {
        ~local()
        {
            assert(++step == 4);
        }
    } kept;
    mine.touched = 1;
    atexit(first);
    on_exit(second, &step);
    std::thread other([] { others++; });
    others++;
    other.join();
    return 4;
}
#elif defined CASE_LEFT   // given back in a handler
int *block;
int main()
{
    block = new int(1);
    atexit([] {
        assert(*block == 1);
        if (!BUGGY)
            delete block;
        block = nullptr;
    });
}
#elif defined CASE_DESTRUCTOR
static int count;
__attribute__((destructor)) static void last()
{
    if (BUGGY || done.load(std::memory_order_acquire))
        count++;
}
int main()
{
    std::thread([] {
        count++;
        done.store(1, std::memory_order_release);
    }).detach();
}
#elif defined CASE_QUICK       // each end runs its own functions only
struct object {
    ~object()
    {
        assert(false);
    }
};
object never;
int main()
{
    atexit([] { assert(false); });
    at_quick_exit([] { assert(!BUGGY); });
    std::thread([] { others++; }).detach();
    if (others++)
        _exit(0);
    quick_exit(0);
}
#elif defined CASE_THREAD      // exit in a thread: the handlers run there
static int count;
int main()
{
    atexit([] { count++; });
    std::thread other([] {
        count++;
        exit(0);
    });
    if (BUGGY)
        count++;
    other.join();
    assert(false); // it does not return
}
#elif defined CASE_TOGETHER    // two threads note handlers, and either may be the first
static int step;
static void one()
{
    step = step * 10 + 1;
}
static void two()
{
    step = step * 10 + 2;
}
int main()
{
    atexit([] { assert(step == 21 || (!BUGGY && step == 12)); });
    std::thread first([] { atexit(one); }), second([] { atexit(two); });
    first.join();
    second.join();
}
#elif defined CASE_BEFORE_MAIN // made before main: as new in each execution
std::shared_ptr<int> shared = std::make_shared<int>(7);
std::vector<std::string> names(3, "a name that is too long for the object itself");
std::shared_ptr<int> *copy;
struct check {
    ~check()
    {
        assert(shared.use_count() == 1 && *shared == 8 && names.size() == 4);
    }
} at_the_end;
int main()
{
    names.push_back(names[0]);
    std::thread other([mine = shared] {
        others++;
        if (BUGGY)
            copy = new std::shared_ptr<int>(mine);
    });
    others++;
    other.join();
    ++*shared;
}
#else
#error "no such case"
#endif
