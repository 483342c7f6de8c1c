// What a call costs when the thing is done, ours beside the C library's and C++'s.
#include "bystander.h"

#include <benchmark/benchmark.h>
#include <mutex>
#include <pthread.h>
#include <quiesce/concurrency/once.h>

namespace
{
int runs;

void run()
{
    runs++;
}

void run_with(void *)
{
    runs++;
}

void qsc(benchmark::State &state)
{
    static qsc_once once;
    for (auto _ : state) {
        qsc_once_call(&once, run_with, nullptr);
        benchmark::ClobberMemory();
    }
}

void posix(benchmark::State &state)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    for (auto _ : state) {
        pthread_once(&once, run);
        benchmark::ClobberMemory();
    }
}

void std_call_once(benchmark::State &state)
{
    static std::once_flag once;
    for (auto _ : state) {
        std::call_once(once, run);
        benchmark::ClobberMemory();
    }
}

BENCHMARK(qsc)->Name("once/call/qsc");
BENCHMARK(posix)->Name("once/call/pthread");
BENCHMARK(std_call_once)->Name("once/call/std");
} // namespace
