# file: concurrency/pool.c
# bug: workers are not kept to their processors
# killed-by: native
s/error = qsc_port_thread_pin\(.*\);/(void)slot;/
