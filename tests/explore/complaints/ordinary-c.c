/* answers: MPI-SWS/genmc#47, #64: it crashes where a program prints to stderr
 * here: what a program calls is simply called
 * twin: what it makes of the text is wrong
 * finds: assertion: assert(strcmp(text, wanted) == 0)
 */
#include <assert.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef BUGGY
static const char wanted[] = "3 2 1";
#else
static const char wanted[] = "1 2 3";
#endif

atomic_int turn;

static int compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static void write_text(char *text, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, size, format, arguments);
    va_end(arguments);
}

static void *print(void *unused)
{
    int numbers[] = {3, 1, 2};
    char *text = malloc(32);
    jmp_buf back;
    if (setjmp(back) == 0) {
        qsort(numbers, 3, sizeof *numbers, compare);
        longjmp(back, 1);
    }
    write_text(text, 32, "%d %d %.0f", numbers[0], numbers[1], (double)numbers[2]);
    fprintf(stderr, "thread %d\n", atomic_fetch_add(&turn, 1));
    assert(strcmp(text, wanted) == 0);
    free(text);
    return unused;
}

int main(void)
{
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, print, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
