/* Executions that go on from the middle of others: whatever a thread counts up between its atomic accesses
 * has the right value at its end, wherever it is kept. Nothing is put back of what is kept in the C library
 * (-DCASE_LIBRARY), in a variable of it (-DCASE_VARIABLE) and in the kernel (-DCASE_KERNEL).
 * -DCASE_WAIT: main sleeps meanwhile, and a thread spins. */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { TIMES = 4, THREADS = 3 };

static atomic_int x[TIMES], y[TIMES];
static int global[THREADS];
static __thread int own;
static pthread_key_t key;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t all_counted = PTHREAD_COND_INITIALIZER;
static int guarded;
static atomic_int done;

static char words[] = "one two three four five";

#ifdef CASE_LIBRARY
static void *outside_state(void)
{
    return strtok(NULL, " ");
}
#elif defined CASE_VARIABLE
static void *outside_state(void)
{
    return ++optind <= 1 + TIMES ? words : NULL;
}
#elif defined CASE_KERNEL
static int file;

static void *outside_state(void)
{
    return syscall(SYS_write, file, words, 1) == 1 ? words : NULL;
}
#else
static void *outside_state(void)
{
    return words;
}
#endif

static void *count(void *argument)
{
    int number = (int)(long)argument, local = 0;
    int *allocated = malloc(sizeof *allocated);
    assert(allocated);
    *allocated = 0;
    pthread_setspecific(key, allocated);
    for (int i = 0; i < TIMES; i++) {
        global[number]++;
        own++;
        local++;
        *(int *)pthread_getspecific(key) += 1;
        errno = i;
        atomic_store_explicit(number == 1 ? &x[i] : &y[i], 1, memory_order_relaxed);
        (void)atomic_load_explicit(number == 1 ? &y[i] : &x[i], memory_order_relaxed);
        assert(errno == i);
        if (number == 1)
            assert(outside_state());
    }
    assert(global[number] == TIMES && own == TIMES && local == TIMES && *allocated == TIMES);
#ifdef CASE_WAIT
    if (number == 1)
        atomic_store(&done, 1);
    while (!atomic_load(&done)) {
    }
#endif
    pthread_mutex_lock(&mutex);
    guarded++;
    pthread_cond_signal(&all_counted);
    pthread_mutex_unlock(&mutex);
    free(allocated);
    return NULL;
}

static int handled;

static void handle(void)
{
    assert(handled++ == 0);
}

static void release(int status, void *block)
{
    (void)status;
    free(block);
}

int main(void)
{
    atexit(handle);
    on_exit(release, malloc(1)); // a leak where it is forgotten
    pthread_key_create(&key, NULL);
#ifdef CASE_LIBRARY
    assert(strtok(words, " "));
#elif defined CASE_VARIABLE
    optind = 1;
#elif defined CASE_KERNEL
    file = (int)syscall(SYS_memfd_create, "", 0);
#endif
    pthread_t thread[THREADS];
    for (long i = 1; i < THREADS; i++)
        pthread_create(&thread[i], NULL, count, (void *)i);
#ifdef CASE_WAIT
    pthread_mutex_lock(&mutex);
    while (guarded < THREADS - 1)
        pthread_cond_wait(&all_counted, &mutex);
    pthread_mutex_unlock(&mutex);
#endif
    for (int i = 1; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    assert(guarded == THREADS - 1);
#ifdef CASE_KERNEL
    assert(syscall(SYS_lseek, file, 0, SEEK_CUR) == TIMES);
    syscall(SYS_close, file);
#endif
    return handled;
}
