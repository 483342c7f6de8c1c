# file: stress/mutex.c
# bug: a client takes two mutexes in both orders, and is lucky
# killed-by: tsan
s/^static long batch\(void\)$/static void *both(void *order)\n{\n    static qsc_mutex one, two;\n    qsc_mutex *first = *(bool *)order ? \&one : \&two, *second = *(bool *)order ? \&two : \&one;\n    qsc_mutex_lock(first);\n    qsc_mutex_lock(second);\n    qsc_mutex_unlock(second);\n    qsc_mutex_unlock(first);\n    return NULL;\n}\n\nstatic long batch(void)/
s/^    struct member members\[THREADS\];$/    stress_threads(1, both, \&(bool){true}, 1);\n    stress_threads(1, both, \&(bool){false}, 1);\n&/
