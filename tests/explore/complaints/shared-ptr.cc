/* answers: dvyukov/relacy#46: what std::shared_ptr does inside is not seen
 * here: the count that another thread lowers meanwhile
 * twin: it is looked at twice, as in that thread, and taken to be the same
 * finds: assertion: assert(mine.use_count() == 2)
 */
#include <cassert>
#include <memory>
#include <thread>

int main()
{
    std::shared_ptr<int> mine = std::make_shared<int>(5), other = mine;
    std::thread dropping([&other] { other.reset(); });
    if (mine.use_count() == 2) {
#ifdef BUGGY
        assert(mine.use_count() == 2);
#else
        assert(mine.use_count() <= 2);
#endif
    }
    dropping.join();
    assert(mine.use_count() == 1 && *mine == 5);
}
