// A stranger's program in strict C++17: a snapshot's inline read section reaches the library's thread-local
// state.
#include <cstdio>
#include <memory>
#include <quiesce/concurrency/snapshot.h>
#include <thread>

int main()
{
    qsc_snapshot cell;
    if (qsc_snapshot_init(&cell, nullptr))
        return 1;
    auto number = std::make_unique<int>(10);
    auto destroy = [](void *object) { delete static_cast<int *>(object); };
    if (qsc_snapshot_publish(&cell, number.get(), sizeof(int), destroy, nullptr))
        return 1;
    number.release();
    std::thread([&cell] {
        if (qsc_snapshot_register_thread())
            return;
        std::printf("%d\n", *static_cast<const int *>(qsc_snapshot_enter(&cell)->object));
        qsc_snapshot_leave(&cell);
    }).join();
    return qsc_snapshot_fini(&cell);
}
