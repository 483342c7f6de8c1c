#!/bin/sh
# installed.sh BUILD: what `cmake --install` gives: both drivers, with both compilers, pkg-config and find_package each make a
# program that finds the race in it, and one that is clean.
set -eu
build=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
prefix=$scratch/prefix
cmake --install "$build" --prefix "$prefix" >/dev/null
cd "$scratch"

cat >first.c <<'END'
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
int data;
atomic_int ready;
static void *produce(void *unused)
{
    data = 42;
    atomic_store_explicit(&ready, 1, ORDER);
    return unused;
}
int main(void)
{
    pthread_t producer;
    pthread_create(&producer, NULL, produce, NULL);
    if (atomic_load_explicit(&ready, memory_order_acquire))
        assert(data == 42);
    pthread_join(producer, NULL);
    return 0;
}
END
cat >first.cc <<'END'
#include <atomic>
#include <cassert>
#include <thread>
int main()
{
    int data = 0;
    std::atomic<bool> ready{false};
    std::thread producer([&] {
        data = 42;
        ready.store(true, ORDER);
    });
    if (ready.load(std::memory_order_acquire))
        assert(data == 42);
    producer.join();
}
END

expect() { # expect STATUS PROGRAM
    status=0
    "$2" --quiet >out 2>&1 || status=$?
    [ "$status" -eq "$1" ] || { echo "$2: status $status, not $1"; cat out; exit 1; }
}

for pair in gcc:g++ clang:clang++; do
    command -v "${pair%:*}" >/dev/null || { echo "no ${pair%:*}: left out"; continue; }
    export QSC_EXPLORE_CC="${pair%:*}" QSC_EXPLORE_CXX="${pair#*:}"
    for order in release:0 relaxed:1; do
        "$prefix/bin/qsc-explore-cc" -O1 "-DORDER=memory_order_${order%:*}" first.c -o first
        expect "${order#*:}" ./first
        "$prefix/bin/qsc-explore-cc" -O1 -c "-DORDER=memory_order_${order%:*}" first.c
        "$prefix/bin/qsc-explore-cc" first.o -o first
        expect "${order#*:}" ./first
        "$prefix/bin/qsc-explore-c++" -O1 -std=c++17 "-DORDER=std::memory_order_${order%:*}" first.cc -o first
        expect "${order#*:}" ./first
    done
done

export PKG_CONFIG_PATH="$(dirname "$(find "$prefix" -name quiesce-explore.pc)")"
# shellcheck disable=SC2046
cc -O1 -DORDER=memory_order_relaxed $(pkg-config --cflags quiesce-explore) first.c -o first $(pkg-config --libs quiesce-explore)
expect 1 ./first

cat >CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.25)
project(outside C)
find_package(quiesce-explore REQUIRED)
qsc_add_exploration(first first.c)
target_compile_definitions(first PRIVATE ORDER=memory_order_relaxed)
END
cmake -S . -B outside -DCMAKE_PREFIX_PATH="$prefix" >/dev/null
cmake --build outside >/dev/null
expect 1 outside/first
