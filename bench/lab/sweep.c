/* qsc-lab sweep: a campaign of runs of several locks over many loads, kept in a file. */
#include "commands.h"
#include "fairness.h"
#include "schedule.h"
#include "session.h"
#include "tools/progress.h"

#include <errno.h>
#include <inttypes.h>
#include <quiesce/concurrency/port.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct request {
    const char *axes[LAB_AXES];
    int preset; /* 0: none, otherwise one more than its index */
    int ms, warm_up, blocks, seed;
    double width, budget;
    const char *baseline, *out;
};

struct sweep {
    struct lab_table table;
    struct lab_schedule schedule;
    const struct lab_lock *locks[LAB_CONTENDERS_MAX];
    FILE *file;
    json_t *session;
    struct qsc_progress progress;
    uint64_t deadline_ns, longest_ns;
    unsigned runs;
};

/* The campaign that was asked for. */

static bool add_lock(struct lab_campaign *campaign, const char *name)
{
    if (!lab_lock_find(name)) {
        qsc_complain("sweep: no lock '%s' (qsc-lab list prints them)", name);
        return false;
    }
    for (unsigned i = 0; i < campaign->lock_count; i++) {
        if (strcmp(campaign->locks[i], name) == 0) {
            qsc_complain("sweep: lock '%s' is named twice", name);
            return false;
        }
    }
    if (campaign->lock_count == LAB_CONTENDERS_MAX) {
        qsc_complain("sweep: more than %d locks", LAB_CONTENDERS_MAX);
        return false;
    }
    snprintf(campaign->locks[campaign->lock_count++], LAB_NAME_MAX, "%s", name);
    return true;
}

/* To the front, where it is compared with. */
static bool set_baseline(struct lab_campaign *campaign, const char *name)
{
    for (unsigned i = 0; i < campaign->lock_count; i++) {
        if (strcmp(campaign->locks[i], name) == 0) {
            memmove(campaign->locks[1], campaign->locks[0], i * LAB_NAME_MAX);
            snprintf(campaign->locks[0], LAB_NAME_MAX, "%s", name);
            return true;
        }
    }
    qsc_complain("sweep: the baseline '%s' is not among the locks named", name);
    return false;
}

static void complain_of_values(enum lab_axis_name axis, const char *text)
{
    const struct lab_axis *kind = &lab_axes[axis];
    char wanted[128];
    int length = 0;
    if (!kind->words)
        snprintf(wanted, sizeof wanted, "at most %d values from %g to %g with commas between", LAB_VALUES_MAX,
                 kind->min, kind->max);
    for (unsigned i = 0; kind->words && kind->words[i]; i++)
        length += snprintf(wanted + length, sizeof wanted - (size_t)length, "%s%s",
                           i > 0 ? ", " : "words with commas between: ", kind->words[i]);
    qsc_complain("sweep: --%s wants %s, not '%s' (docs/lab-sweep.md tells how to write them)", kind->name,
                 wanted, text);
}

static bool set_axes(struct lab_campaign *campaign, const struct request *request,
                     const struct lab_preset *preset)
{
    for (unsigned axis = 0; axis < LAB_AXES; axis++) {
        const char *text = request->axes[axis];
        if (text == lab_axes[axis].usual && preset && preset->axes[axis])
            text = preset->axes[axis];
        if (!lab_values_parse(&campaign->axes[axis], axis, text)) {
            complain_of_values(axis, text);
            return false;
        }
    }
    if (lab_campaign_cells(campaign) * campaign->lock_count > LAB_SERIES_MAX) {
        qsc_complain("sweep: locks times values of all options are more than %d: name fewer", LAB_SERIES_MAX);
        return false;
    }
    return true;
}

static bool make_campaign(struct lab_campaign *campaign, const struct request *request)
{
    if (campaign->lock_count == 0) {
        qsc_complain("sweep: the name of a lock is missing (qsc-lab list prints them)");
        return false;
    }
    campaign->ms = (unsigned)request->ms;
    campaign->warm_up_ms = (unsigned)request->warm_up;
    campaign->seed = (uint64_t)request->seed;
    const struct lab_preset *preset = request->preset > 0 ? &lab_presets[request->preset - 1] : NULL;
    if (preset)
        snprintf(campaign->preset, sizeof campaign->preset, "%s", preset->name);
    return (!request->baseline || set_baseline(campaign, request->baseline)) &&
           set_axes(campaign, request, preset);
}

/* The file. */

/* Reads what the file has and goes to the end of its whole lines. */
static bool take_up(struct sweep *sweep, const char *path)
{
    struct lab_table table;
    char complaint[256];
    long whole;
    if (lab_table_read(&table, sweep->file, &whole, complaint, sizeof complaint) != 0) {
        qsc_complain("%s: %s: choose another --out", path, complaint);
        return false;
    }
    const char *difference = lab_session_difference(json_array_get(table.sessions, 0), sweep->session);
    if (difference || ftruncate(fileno(sweep->file), whole) != 0 ||
        fseek(sweep->file, whole, SEEK_SET) != 0) {
        qsc_complain("%s %s: choose another --out", path, difference ? difference : strerror(errno));
        lab_table_fini(&table);
        return false;
    }
    lab_table_fini(&sweep->table);
    sweep->table = table;
    for (unsigned i = 0; i < table.cells * table.campaign.lock_count; i++)
        sweep->runs += table.series[i].count;
    fprintf(stderr, "%s: taken up after %u runs\n", path, sweep->runs);
    return true;
}

static bool open_file(struct sweep *sweep, const char *path)
{
    sweep->file = fopen(path, "re+");
    bool fresh = !sweep->file && errno == ENOENT;
    if (fresh)
        sweep->file = fopen(path, "wex");
    if (!sweep->file) {
        qsc_complain("%s: %s", path, strerror(errno));
        return false;
    }
    bool empty = fresh || (fseek(sweep->file, 0, SEEK_END) == 0 && ftell(sweep->file) == 0);
    rewind(sweep->file);
    return empty || take_up(sweep, path);
}

/* The runs. */

static void record_result(struct lab_record *record, const struct lab_result *result, unsigned ms)
{
    uint64_t counts[LAB_THREADS_MAX];
    record->seconds = ms * 1e-3;
    record->passes = lab_result_passes(result);
    record->throughput = lab_result_throughput(result);
    record->steal = result->steal;
    for (unsigned i = 0; i < result->threads; i++) {
        counts[i] = result->of[i].passes;
        record->read_passes += result->of[i].reads;
        record->preempted += result->of[i].preempted;
        record->late += result->of[i].late;
    }
    record->jain = lab_jain(counts, result->threads);
    record->upper_half = lab_upper_half(counts, result->threads);
}

static void show_progress(struct sweep *sweep, const char *lock, double threads)
{
    char note[160];
    uint64_t now = qsc_port_now_ns();
    double left = now < sweep->deadline_ns ? (double)(sweep->deadline_ns - now) * 1e-9 : 0;
    snprintf(note, sizeof note, "%u runs, at most %.0f s left; %s, %g threads", sweep->runs, left, lock,
             threads);
    qsc_progress_update(&sweep->progress, sweep->schedule.done, note);
}

static int measure(void *context, unsigned cell, unsigned lock, struct lab_record *record)
{
    struct sweep *sweep = context;
    const struct lab_campaign *campaign = &sweep->table.campaign;
    uint64_t began = qsc_port_now_ns();
    if (began + sweep->longest_ns > sweep->deadline_ns)
        return LAB_TIME_IS_UP;
    struct lab_cell at = lab_campaign_cell(campaign, cell);
    struct lab_plan plan = lab_campaign_plan(campaign, &at, sweep->locks[lock]);
    show_progress(sweep, plan.lock->name, at.at[LAB_AXIS_THREADS]);
    struct lab_result result;
    int error = lab_run(&result, &plan);
    if (error) {
        record->failure = lab_failure_of(error);
        qsc_progress_hide(&sweep->progress);
        qsc_complain("%s, %u threads: %s%s", plan.lock->name, plan.threads, record->failure,
                     error == ETIMEDOUT ? ": this ends the program; the same command goes on without it"
                                        : "");
    } else {
        record_result(record, &result, campaign->ms);
        lab_result_fini(&result);
    }
    sweep->runs++;
    uint64_t took = qsc_port_now_ns() - began;
    sweep->longest_ns = took > sweep->longest_ns ? took : sweep->longest_ns;
    const char *env = json_string_value(json_object_get(sweep->session, "env_sha256"));
    int written = lab_table_write_run(sweep->file, &sweep->table, env, cell, lock, record);
    return error == ETIMEDOUT ? error : written;
}

static void warn_of_budget(const struct sweep *sweep, double budget)
{
    const struct lab_table *table = &sweep->table;
    double block =
        table->cells * table->campaign.lock_count * (table->campaign.ms + table->campaign.warm_up_ms) * 1e-3;
    if (block * LAB_BLOCKS_MIN > budget)
        fprintf(stderr,
                "%u cells, %u locks: %d runs of each, which an interval needs, take %.0f s; the budget is "
                "%.0f s\n",
                table->cells, table->campaign.lock_count, LAB_BLOCKS_MIN, block * LAB_BLOCKS_MIN, budget);
}

static int run_campaign(struct sweep *sweep, double budget)
{
    unsigned series = sweep->table.cells * sweep->table.campaign.lock_count;
    warn_of_budget(sweep, budget);
    sweep->deadline_ns = qsc_port_now_ns() + (uint64_t)(budget * 1e9);
    qsc_progress_begin(&sweep->progress, stderr, "sweep", series);
    int error = lab_schedule_run(&sweep->schedule, &sweep->table, measure, sweep);
    qsc_progress_end(&sweep->progress, sweep->schedule.done,
                     error == LAB_TIME_IS_UP ? "the budget is spent" : NULL);
    return error;
}

static unsigned count_failures(const struct lab_table *table)
{
    unsigned failures = 0;
    for (unsigned i = 0; i < table->cells * table->campaign.lock_count; i++)
        failures += lab_series_failed(&table->series[i]);
    return failures;
}

static void print_summary(const struct sweep *sweep, const struct request *request)
{
    printf("%s: %u runs of %u locks in %u cells", request->out, sweep->runs, sweep->table.campaign.lock_count,
           sweep->table.cells);
    unsigned wide, all;
    if (lab_schedule_count_wide(&sweep->schedule, &sweep->table, &wide, &all) == 0 && wide > 0)
        printf("; %u of %u intervals are wider than %g %%: the same command with more --budget or --blocks "
               "goes on",
               wide, all, request->width);
    if (count_failures(&sweep->table) > 0)
        printf("; %u locks failed in a cell", count_failures(&sweep->table));
    printf("\nqsc-lab report %s --out report.html draws them\n", request->out);
}

static int sweep_into_file(struct sweep *sweep, const struct request *request)
{
    if (!open_file(sweep, request->out))
        return QSC_EXIT_FAILURE;
    int error = json_array_append(sweep->table.sessions, sweep->session) == 0
                    ? lab_table_write_session(sweep->file, json_incref(sweep->session))
                    : ENOMEM;
    if (error == 0)
        error = run_campaign(sweep, request->budget);
    if (fclose(sweep->file) != 0 && error <= 0)
        error = errno;
    if (error > 0 && error != ETIMEDOUT)
        qsc_complain("%s: %s", request->out, strerror(error));
    if (error > 0)
        return QSC_EXIT_FAILURE;
    print_summary(sweep, request);
    return count_failures(&sweep->table) > 0 ? QSC_EXIT_FAILURE : QSC_EXIT_OK;
}

static int sweep_campaign(const struct lab_campaign *campaign, const struct request *request, int argc,
                          char **argv)
{
    struct sweep sweep = {.schedule = {.width = request->width / 100, .blocks = (unsigned)request->blocks}};
    for (unsigned i = 0; i < campaign->lock_count; i++)
        sweep.locks[i] = lab_lock_find(campaign->locks[i]);
    int status = QSC_EXIT_FAILURE;
    if (lab_table_init(&sweep.table, campaign) != 0 ||
        !(sweep.session = lab_session_describe(campaign, argc, argv)))
        qsc_complain("sweep: no memory");
    else
        status = sweep_into_file(&sweep, request);
    json_decref(sweep.session);
    lab_table_fini(&sweep.table);
    return status;
}

#define WHOLE(option, field, words, what, least, most)                                                  \
    {                                                                                                   \
        .name = option, .kind = QSC_OPTION_INT, .target = &request.field, .value = words, .help = what, \
        .min = least, .max = most                                                                       \
    }

static int run(int argc, char **argv)
{
    struct request request = {.ms = 100, .warm_up = 20, .blocks = 32, .width = 5, .budget = 60};
    const char *preset_names[LAB_PRESETS + 2] = {"none"};
    for (unsigned i = 0; i < LAB_PRESETS; i++)
        preset_names[i + 1] = lab_presets[i].name;
    struct qsc_option options[LAB_AXES + 10] = {
        {.name = "out",
         .kind = QSC_OPTION_TEXT,
         .target = &request.out,
         .value = "FILE.jsonl",
         .help = "where the runs are kept, and taken up again",
         .required = true},
        {.name = "preset",
         .kind = QSC_OPTION_CHOICE,
         .target = &request.preset,
         .choices = preset_names,
         .help = "the load of another program"},
        {.name = "baseline",
         .kind = QSC_OPTION_TEXT,
         .target = &request.baseline,
         .value = "LOCK",
         .help = "to which the others are compared; without it the first"},
        WHOLE("ms", ms, "MS", "measured in each run", 10, LAB_SECONDS_MAX * 1000),
        WHOLE("warm-up", warm_up, "MS", "before that", 1, LAB_SECONDS_MAX * 1000),
        {.name = "width",
         .kind = QSC_OPTION_REAL,
         .target = &request.width,
         .value = "PERCENT",
         .help = "on either side of a ratio, that is narrow enough",
         .min = 0.1,
         .max = 100},
        WHOLE("blocks", blocks, "N", "runs of a lock in a cell, at most", 1, LAB_DIFFERENCES_MAX),
        {.name = "budget",
         .kind = QSC_OPTION_REAL,
         .target = &request.budget,
         .value = "SECONDS",
         .help = "after which it ends in any case",
         .min = 0.1,
         .max = 604800},
        WHOLE("seed", seed, "N", "of the order of runs", 0, 2147483647),
    };
    for (unsigned axis = 0, at = 9; axis < LAB_AXES; axis++, at++) {
        request.axes[axis] = lab_axes[axis].usual;
        options[at] = (struct qsc_option){.name = lab_axes[axis].name,
                                          .kind = QSC_OPTION_TEXT,
                                          .target = &request.axes[axis],
                                          .value = lab_axes[axis].value,
                                          .help = lab_axes[axis].help};
    }
    struct lab_campaign campaign = {0};
    int named = 0, status;
    for (; 1 + named < argc && argv[1 + named][0] != '-'; named++) {
        if (!add_lock(&campaign, argv[1 + named]))
            return QSC_EXIT_USAGE;
    }
    if (!qsc_options_parse(&lab_sweep_command, options, argc - named, argv + named, &status))
        return status;
    if (!make_campaign(&campaign, &request))
        return QSC_EXIT_USAGE;
    return sweep_campaign(&campaign, &request, argc, argv);
}

const struct qsc_command lab_sweep_command = {
    .name = "sweep",
    .usage = "LOCK... --out FILE.jsonl [OPTIONS]",
    .summary = "measures locks over many loads, and keeps each run in a file",
    .details =
        "Lists are values with commas between: --threads 1,2,4P --section 100,1000. Every lock runs under\n"
        "every combination, in random order, until the intervals of the ratios are narrow. The same\n"
        "command takes up a campaign that was interrupted. docs/lab-sweep.md has the presets.",
    .run = run,
};
