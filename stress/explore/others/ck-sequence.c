/* ck_sequence: what a reader keeps is of one version. The data are ck_pr's own atomic words. */
#include <assert.h>
#include <pthread.h>

#include <ck_sequence.h>

#ifndef READERS
#define READERS 2
#endif
#ifndef WRITES
#define WRITES 2
#endif

static ck_sequence_t sequence = CK_SEQUENCE_INITIALIZER;
static unsigned left, right;

static void *read_both(void *unused)
{
    unsigned version, l, r;
    do {
        version = ck_sequence_read_begin(&sequence);
        l = ck_pr_load_uint(&left);
        r = ck_pr_load_uint(&right);
    } while (ck_sequence_read_retry(&sequence, version));
    assert(l == r);
    return unused;
}

int main(void)
{
    pthread_t thread[READERS];
    for (int i = 0; i < READERS; i++)
        pthread_create(&thread[i], NULL, read_both, NULL);
    for (unsigned i = 1; i <= WRITES; i++) {
        ck_sequence_write_begin(&sequence);
        ck_pr_store_uint(&left, i);
        ck_pr_store_uint(&right, i);
        ck_sequence_write_end(&sequence);
    }
    for (int i = 0; i < READERS; i++)
        pthread_join(thread[i], NULL);
}
