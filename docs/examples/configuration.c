/* A configuration that is replaced while requests read it.
 *
 * Each request pins the version that is current when it begins and works with that one to its end, however
 * long it takes: what it reads belongs together, and neither side waits for the other. A version is freed
 * when its last reader is gone. */
#include <pthread.h>
#include <quiesce/concurrency/latch.h>
#include <quiesce/concurrency/snapshot.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { WORKERS = 3, REQUESTS = 20000, RELOADS = 200 };

struct config {
    int limit;
    int warn_at; /* nine tenths of the limit: a reader that saw two versions mixed would notice */
};

static qsc_snapshot current;
static qsc_latch started = QSC_LATCH_INIT(WORKERS);

/* Makes a version and hands it over. From then on it is the cell's, and nobody may write it any more. */
static bool reload(int limit)
{
    struct config *config = malloc(sizeof *config);
    if (!config)
        return false;
    *config = (struct config){.limit = limit, .warn_at = limit / 10 * 9};
    if (qsc_snapshot_publish(&current, config, sizeof *config, free, NULL) == 0)
        return true;
    free(config); /* not published: still ours */
    return false;
}

static bool serve_request(void)
{
    qsc_pin pin;
    if (qsc_snapshot_pin(&current, &pin))
        return false;
    const struct config *config = pin.version->object;
    bool whole = config->warn_at == config->limit / 10 * 9;
    qsc_snapshot_unpin(&pin);
    return whole;
}

/* Returns NULL when every request saw one whole version. */
static void *work(void *failed)
{
    qsc_latch_count_down(&started, 1);
    for (int i = 0; i < REQUESTS; i++)
        if (!serve_request())
            return failed;
    return NULL;
}

int main(void)
{
    pthread_t workers[WORKERS];
    int failed = 0;
    if (qsc_snapshot_init(&current, NULL) || !reload(100))
        return 1;
    for (int i = 0; i < WORKERS; i++)
        if (pthread_create(&workers[i], NULL, work, &failed))
            return 1;
    qsc_latch_wait(&started);
    for (int i = 1; i <= RELOADS; i++)
        failed += !reload(100 + 10 * i);
    for (int i = 0; i < WORKERS; i++) {
        void *result;
        pthread_join(workers[i], &result);
        failed += result != NULL;
    }

    struct qsc_snapshot_stats stats;
    qsc_snapshot_get_stats(&current, &stats);
    printf("%d requests under %d reloads; versions published: %llu\n", WORKERS * REQUESTS, RELOADS,
           (unsigned long long)stats.published);
    return qsc_snapshot_fini(&current) || failed;
}
