# file: concurrency/pflock.c
# bug: the next writer may come before the readers are let in
# killed-by: explore genmc
/^static void let_go/,/^}/{s/serve_next\(lock\);//;s/\(void\)__atomic_fetch_add/serve_next(lock);\n    (void)__atomic_fetch_add/}
