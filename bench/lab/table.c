#include "table.h"

#include <errno.h>
#include <math.h>
#include <quiesce/concurrency/alloc.h>
#include <stdlib.h>
#include <string.h>

const char *const lab_failures[] = {"a thread did not come back", "two threads in an exclusive section",
                                    "the run could not start", NULL};

const char *lab_failure_of(int error)
{
    return lab_failures[error == ETIMEDOUT ? 0 : error == ENOTRECOVERABLE ? 1 : 2];
}

int lab_table_init(struct lab_table *table, const struct lab_campaign *campaign)
{
    *table = (struct lab_table){.campaign = *campaign, .cells = lab_campaign_cells(campaign)};
    table->series = qsc_alloc_zeroed((size_t)table->cells * campaign->lock_count, sizeof *table->series);
    table->sessions = json_array();
    if (table->series && table->sessions)
        return 0;
    lab_table_fini(table);
    return ENOMEM;
}

void lab_table_fini(struct lab_table *table)
{
    for (unsigned i = 0; table->series && i < table->cells * table->campaign.lock_count; i++)
        qsc_free(table->series[i].records);
    qsc_free(table->series);
    json_decref(table->sessions);
    *table = (struct lab_table){0};
}

struct lab_series *lab_table_series(const struct lab_table *table, unsigned cell, unsigned lock)
{
    return &table->series[(size_t)cell * table->campaign.lock_count + lock];
}

bool lab_series_failed(const struct lab_series *series)
{
    return series->count > 0 && series->records[series->count - 1].failure;
}

unsigned lab_series_flagged(const struct lab_series *series)
{
    unsigned flagged = 0;
    for (unsigned i = 0; i < series->count; i++)
        flagged += series->records[i].steal > 0.005 || series->records[i].late > 0;
    return flagged;
}

int lab_series_add(struct lab_series *series, const struct lab_record *record)
{
    if (series->count == series->capacity) {
        unsigned capacity = series->capacity > 0 ? 2 * series->capacity : 8;
        struct lab_record *records = qsc_realloc(series->records, capacity * sizeof *records);
        if (!records)
            return ENOMEM;
        series->records = records;
        series->capacity = capacity;
    }
    series->records[series->count++] = *record;
    return 0;
}

int lab_series_locate(struct lab_location *location, const struct lab_series *series,
                      const struct lab_series *baseline, double alpha)
{
    double logs[LAB_DIFFERENCES_MAX];
    unsigned count = 0, at = 0;
    for (unsigned i = 0; i < series->count && count < LAB_DIFFERENCES_MAX; i++) {
        const struct lab_record *record = &series->records[i];
        double log_throughput = log(fmax(record->throughput, 1));
        if (record->failure)
            continue;
        if (!baseline) {
            logs[count++] = log_throughput;
            continue;
        }
        while (at < baseline->count && baseline->records[at].block < record->block)
            at++;
        if (at < baseline->count && baseline->records[at].block == record->block &&
            !baseline->records[at].failure)
            logs[count++] = log_throughput - log(fmax(baseline->records[at].throughput, 1));
    }
    *location = (struct lab_location){.estimate = NAN, .low = -HUGE_VAL, .high = HUGE_VAL, .p = 1};
    return count > 0 ? lab_locate(location, logs, count, alpha) : 0;
}

/* One line, without its end. */
struct line {
    struct lab_table *table;
    unsigned number;
    char *complaint;
    size_t size;
};

static int refuse(const struct line *line, const char *why)
{
    snprintf(line->complaint, line->size, "line %u: %s", line->number, why);
    return EBADMSG;
}

static bool is_command(const json_t *json)
{
    size_t i;
    json_t *word;
    json_array_foreach(json, i, word)
    {
        if (!json_is_string(word))
            return false;
    }
    return json_is_array(json);
}

static int read_session(const struct line *line, json_t *json)
{
    struct lab_table *table = line->table;
    struct lab_campaign campaign;
    if (!lab_campaign_from_json(&campaign, json_object_get(json, "campaign")) ||
        !json_is_object(json_object_get(json, "env")) ||
        !json_is_string(json_object_get(json, "binary_sha256")) ||
        !is_command(json_object_get(json, "command")))
        return refuse(line, "a session that is not whole");
    if (!table->series) {
        int error = lab_table_init(table, &campaign);
        if (error)
            return error;
    } else if (!json_equal(json_object_get(json, "campaign"),
                           json_object_get(json_array_get(table->sessions, 0), "campaign"))) {
        return refuse(line, "a session of another campaign");
    }
    return json_array_append(table->sessions, json) == 0 ? 0 : ENOMEM;
}

static bool find_cell(const struct lab_table *table, const json_t *json, unsigned *cell, unsigned *lock)
{
    struct lab_cell at;
    for (unsigned axis = 0; axis < LAB_AXES; axis++) {
        if (!lab_value_from_json(&at.at[axis], axis, json_object_get(json, lab_axes[axis].name)))
            return false;
    }
    *cell = lab_campaign_find(&table->campaign, &at);
    const char *name = json_string_value(json_object_get(json, "lock"));
    for (*lock = 0; *lock < table->campaign.lock_count; ++*lock) {
        if (name && strcmp(table->campaign.locks[*lock], name) == 0)
            return *cell < table->cells;
    }
    return false;
}

static bool read_record(struct lab_record *record, const json_t *json)
{
    json_int_t passes, read_passes, preempted, block, late;
    double steal;
    const char *failure = json_string_value(json_object_get(json, "failure"));
    if (json_unpack((json_t *)json, "{sI sF sF sF sF sF sI sI sI sI}", "block", &block, "seconds",
                    &record->seconds, "throughput", &record->throughput, "jain", &record->jain, "upper_half",
                    &record->upper_half, "steal", &steal, "passes", &passes, "read_passes", &read_passes,
                    "preempted", &preempted, "late", &late) != 0 ||
        block < 0 || block >= LAB_DIFFERENCES_MAX || !(record->throughput >= 0))
        return false;
    record->block = (unsigned)block;
    record->steal = steal;
    record->passes = (uint64_t)passes;
    record->read_passes = (uint64_t)read_passes;
    record->preempted = (uint64_t)preempted;
    record->late = (unsigned)late;
    record->failure = NULL;
    for (unsigned i = 0; failure && lab_failures[i]; i++) {
        if (strcmp(lab_failures[i], failure) == 0)
            record->failure = lab_failures[i];
    }
    return !failure == !record->failure;
}

static int read_run(const struct line *line, const json_t *json)
{
    unsigned cell, lock;
    struct lab_record record;
    if (!line->table->series)
        return refuse(line, "a run before any session");
    if (!find_cell(line->table, json, &cell, &lock) || !read_record(&record, json))
        return refuse(line, "a run that is not of the campaign in line 1, or not whole");
    struct lab_series *series = lab_table_series(line->table, cell, lock);
    if (series->count > 0 && series->records[series->count - 1].block >= record.block)
        return refuse(line, "a run that is there already");
    return lab_series_add(series, &record);
}

static int read_line(const struct line *line, const char *text, size_t length)
{
    json_t *json = json_loadb(text, length, 0, NULL);
    const char *type = json_string_value(json_object_get(json, "type"));
    int error;
    if (type && strcmp(type, "session") == 0)
        error = read_session(line, json);
    else if (type && strcmp(type, "run") == 0)
        error = read_run(line, json);
    else
        error = refuse(line, "not a line that `qsc-lab sweep` wrote");
    json_decref(json);
    return error;
}

int lab_table_read(struct lab_table *table, FILE *file, long *whole, char *complaint, size_t size)
{
    *table = (struct lab_table){0};
    *whole = 0;
    struct line line = {table, 0, complaint, size};
    char *text = NULL;
    size_t capacity = 0;
    int error = 0;
    ssize_t length;
    while (error == 0 && (length = getline(&text, &capacity, file)) > 0 && text[length - 1] == '\n') {
        line.number++;
        error = read_line(&line, text, (size_t)length);
        *whole += error ? 0 : length;
    }
    free(text); /* getline's */
    if (error == 0 && ferror(file))
        error = EIO;
    if (error == 0 && !table->series)
        error = refuse(&line, "there is no session");
    if (error) {
        if (error != EBADMSG)
            snprintf(complaint, size, "%s", strerror(error));
        lab_table_fini(table);
    }
    return error;
}

static int write_line(FILE *file, json_t *json)
{
    char *text = json ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(json);
    if (!text)
        return ENOMEM;
    int error = fprintf(file, "%s\n", text) > 0 && fflush(file) == 0 ? 0 : errno;
    free(text); /* jansson's */
    return error;
}

int lab_table_write_session(FILE *file, json_t *session)
{
    return write_line(file, session);
}

int lab_table_write_run(FILE *file, const struct lab_table *table, const char *env_sha256, unsigned cell,
                        unsigned lock, const struct lab_record *record)
{
    json_t *json = json_pack("{ss ss ss si}", "type", "run", "env_sha256", env_sha256, "lock",
                             table->campaign.locks[lock], "block", (int)record->block);
    struct lab_cell at = lab_campaign_cell(&table->campaign, cell);
    bool whole = json;
    for (unsigned axis = 0; axis < LAB_AXES; axis++)
        whole = json_object_set_new(json, lab_axes[axis].name, lab_value_to_json(axis, at.at[axis])) == 0 &&
                whole;
    json_t *measured = json_pack(
        "{sf sI sI sf sf sf sf sI si ss?}", "seconds", record->seconds, "passes", (json_int_t)record->passes,
        "read_passes", (json_int_t)record->read_passes, "throughput", record->throughput, "jain",
        record->jain, "upper_half", record->upper_half, "steal", record->steal, "preempted",
        (json_int_t)record->preempted, "late", (int)record->late, "failure", record->failure);
    whole = whole && json_object_update(json, measured) == 0;
    json_decref(measured);
    if (!whole) {
        json_decref(json);
        return ENOMEM;
    }
    return write_line(file, json);
}
