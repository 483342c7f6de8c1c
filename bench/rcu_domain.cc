// What it costs to have an object freed after a grace period: by a domain, whose bounds the writer waits for
// when it is faster than the thread, and by liburcu's call_rcu, whose backlog has none. The largest backlog
// stands beside each.
#include <atomic>
#include <benchmark/benchmark.h>
#include <cstddef>
#include <cstdlib>
#include <quiesce/concurrency/rcu_domain.h>
#include <urcu/urcu-memb.h>

namespace
{
constexpr uint64_t bound = 10000;

struct Deferred {
    qsc_rcu_node node;
};

void destroy(qsc_rcu_node *node)
{
    std::free(node); // the first member
}

void qsc(benchmark::State &state)
{
    const qsc_rcu_domain_config bounds = {bound, 0};
    qsc_rcu_domain domain;
    if (qsc_rcu_domain_init(&domain, &bounds))
        return state.SkipWithError("no domain");
    for (auto _ : state) {
        auto *object = static_cast<Deferred *>(std::malloc(sizeof(Deferred)));
        if (qsc_rcu_defer(&domain, &object->node, sizeof *object, destroy))
            return state.SkipWithError("not deferred");
    }
    qsc_rcu_domain_stats stats;
    qsc_rcu_domain_get_stats(&domain, &stats);
    state.counters["backlog_max"] = static_cast<double>(stats.backlog_max);
    qsc_rcu_domain_fini(&domain);
}

std::atomic<long> backlog;

struct CallRcu {
    rcu_head head;
    char rest[sizeof(Deferred) - sizeof(rcu_head)];
};

void call_back(rcu_head *head)
{
    backlog.fetch_sub(1, std::memory_order_relaxed);
    std::free(head); // the first member
}

void call_rcu(benchmark::State &state)
{
    long most = 0;
    urcu_memb_register_thread();
    for (auto _ : state) {
        auto *object = static_cast<CallRcu *>(std::malloc(sizeof(CallRcu)));
        long now = backlog.fetch_add(1, std::memory_order_relaxed) + 1;
        most = now > most ? now : most;
        urcu_memb_call_rcu(&object->head, call_back);
    }
    urcu_memb_barrier();
    urcu_memb_unregister_thread();
    state.counters["backlog_max"] = static_cast<double>(most);
}

BENCHMARK(qsc)->Name("rcu_domain/defer/qsc")->UseRealTime();
BENCHMARK(call_rcu)->Name("rcu_domain/defer/liburcu_call_rcu")->UseRealTime();
} // namespace
