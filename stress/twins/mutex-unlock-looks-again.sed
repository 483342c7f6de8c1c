# file: concurrency/mutex.h
# bug: unlock reads the mutex after it let go of it, when another thread may have freed it (and dawdles, so that it can)
# killed-by: asan explore
s/^( *if \(__builtin_expect\(\()int32_t\)__atomic_sub_fetch\(&mutex->word, 1, __ATOMIC_RELEASE\) < 0, 0\)\)/    int32_t left = (int32_t)__atomic_sub_fetch(\&mutex->word, 1, __ATOMIC_RELEASE);\n    for (int i = 0; i < 1000; i++)\n        __builtin_ia32_pause();\n    (void)__atomic_load_n(\&mutex->word, __ATOMIC_RELAXED);\n    if (left < 0)/
