# file: concurrency/pool.c
# bug: a pool that cannot be made frees its slots under the worker that could not be pinned
# killed-by: asan
s/end_workers\(pool, started\)/end_workers(pool, started - 1)/
