// The file of a sweep: what is written is read again, and what is none is refused with its line.
#include "bench/lab/table.h"

#include "bench/lab/report.h"
#include "bench/lab/schedule.h"
#include "tests/concurrency/failing.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <string.h>

static struct lab_campaign make_campaign(uint64_t seed)
{
    struct lab_campaign campaign = {.lock_count = 2, .ms = 10, .warm_up_ms = 5, .seed = seed};
    strcpy(campaign.locks[0], "one");
    strcpy(campaign.locks[1], "<other>");
    for (unsigned axis = 0; axis < LAB_AXES; axis++)
        cr_assert(lab_values_parse(&campaign.axes[axis], axis,
                                   axis == LAB_AXIS_THREADS ? "1,2,4" : lab_axes[axis].usual));
    return campaign;
}

static json_t *make_session(const struct lab_campaign *campaign)
{
    return json_pack("{ss so s{si ss} ss ss s[ss]}", "type", "session", "campaign",
                     lab_campaign_to_json(campaign), "env", "processors", 2, "cpu", "a & b", "binary_sha256",
                     "b", "env_sha256", "e", "command", "qsc-lab", "sweep");
}

// Throughputs of 100, 101, ... and half of them, in so many blocks of each cell.
static struct lab_record make_record(unsigned block, unsigned lock)
{
    double throughput = (100 + block) / (1.0 + lock);
    return (struct lab_record){.block = block,
                               .seconds = 0.01,
                               .throughput = throughput,
                               .jain = 0.75,
                               .upper_half = 0.625,
                               .steal = -1,
                               .passes = 12345678901,
                               .read_passes = 3,
                               .preempted = 5,
                               .late = 1};
}

static FILE *write_file(unsigned blocks)
{
    FILE *file = tmpfile();
    struct lab_campaign campaign = make_campaign(1);
    struct lab_table table;
    cr_assert_eq(lab_table_init(&table, &campaign), 0);
    cr_assert_eq(lab_table_write_session(file, make_session(&campaign)), 0);
    for (unsigned cell = 0; cell < 3; cell++) {
        for (unsigned i = 0; i < 2 * blocks; i++) {
            struct lab_record record = make_record(i / 2, i % 2);
            cr_assert_eq(lab_table_write_run(file, &table, "e", cell, i % 2, &record), 0);
        }
    }
    lab_table_fini(&table);
    return file;
}

static int read_again(struct lab_table *table, FILE *file, long *whole, char complaint[256])
{
    rewind(file);
    complaint[0] = '\0';
    return lab_table_read(table, file, whole, complaint, 256);
}

Test(table, what_was_written_is_read)
{
    FILE *file = write_file(10);
    struct lab_table table;
    char complaint[256];
    long whole;
    cr_assert_eq(read_again(&table, file, &whole, complaint), 0, "%s", complaint);
    cr_assert_eq(whole, ftell(file));
    cr_assert_eq(table.cells, 3);
    cr_assert_str_eq(table.campaign.locks[1], "<other>");
    for (unsigned cell = 0; cell < 3; cell++) {
        const struct lab_series *series = lab_table_series(&table, cell, 1);
        cr_assert_eq(series->count, 10);
        const struct lab_record *last = &series->records[9], expected = make_record(9, 1);
        cr_assert_eq(last->block, 9);
        cr_assert_float_eq(last->throughput, expected.throughput, 1e-6);
        cr_assert_float_eq(last->jain, 0.75, 1e-9);
        cr_assert_float_eq(last->upper_half, 0.625, 1e-9);
        cr_assert_eq(last->passes, expected.passes);
        cr_assert_eq(last->read_passes, 3);
        cr_assert_eq(last->preempted, 5);
        cr_assert_eq(last->late, 1);
        cr_assert_lt(last->steal, 0);
        cr_assert_null(last->failure);
    }
    lab_table_fini(&table);
    fclose(file);
}

Test(table, a_failure_is_kept)
{
    FILE *file = write_file(1);
    struct lab_campaign campaign = make_campaign(1);
    struct lab_table table;
    cr_assert_eq(lab_table_init(&table, &campaign), 0);
    struct lab_record record = {.block = 1, .failure = lab_failure_of(ENOTRECOVERABLE)};
    cr_assert_eq(lab_table_write_run(file, &table, "e", 2, 0, &record), 0);
    lab_table_fini(&table);
    char complaint[256];
    long whole;
    cr_assert_eq(read_again(&table, file, &whole, complaint), 0, "%s", complaint);
    cr_assert(lab_series_failed(lab_table_series(&table, 2, 0)));
    cr_assert_not(lab_series_failed(lab_table_series(&table, 1, 0)));
    struct lab_location location; // the run that did not end is not in the figures
    cr_assert_eq(lab_series_locate(&location, lab_table_series(&table, 2, 0), NULL, 0.01), 0);
    cr_assert_float_eq(exp(location.estimate), 100, 1e-6);
    lab_table_fini(&table);
    fclose(file);
}

Test(table, a_line_that_was_cut_off_is_none)
{
    FILE *file = write_file(2);
    long end = ftell(file);
    fputs("{\"type\":\"run\",\"lo", file);
    struct lab_table table;
    char complaint[256];
    long whole;
    cr_assert_eq(read_again(&table, file, &whole, complaint), 0, "%s", complaint);
    cr_assert_eq(whole, end);
    lab_table_fini(&table);
    fclose(file);
}

static void expect_refusal(const char *line, const char *complaint_wanted)
{
    FILE *file = write_file(1); // 7 lines
    fprintf(file, "%s\n", line);
    struct lab_table table;
    char complaint[256];
    long whole;
    cr_assert_eq(read_again(&table, file, &whole, complaint), EBADMSG, "%s", line);
    cr_assert_str_eq(complaint, complaint_wanted);
    cr_assert_null(table.series);
    fclose(file);
}

Test(table, lines_that_do_not_belong_are_refused)
{
    expect_refusal("", "line 8: not a line that `qsc-lab sweep` wrote");
    expect_refusal("{\"type\":1}", "line 8: not a line that `qsc-lab sweep` wrote");
    expect_refusal("{\"type\":\"session\"}", "line 8: a session that is not whole");
    expect_refusal("{\"type\":\"run\",\"lock\":\"one\"}",
                   "line 8: a run that is not of the campaign in line 1, or not whole");

    struct lab_campaign campaign = make_campaign(2);
    json_t *session = make_session(&campaign);
    char *text = json_dumps(session, JSON_COMPACT);
    expect_refusal(text, "line 8: a session of another campaign");
    free(text);
    json_array_append_new(json_object_get(session, "command"), json_integer(1));
    text = json_dumps(session, JSON_COMPACT);
    expect_refusal(text, "line 8: a session that is not whole");
    free(text);
    json_decref(session);

    FILE *file = write_file(1);
    char line[2048];
    rewind(file);
    for (int i = 0; i < 3; i++)
        cr_assert_not_null(fgets(line, sizeof line, file));
    fclose(file);
    line[strcspn(line, "\n")] = '\0';
    expect_refusal(line, "line 8: a run that is there already");
    char *name = strstr(line, "<other>");
    cr_assert_not_null(name);
    name[1] = 'O';
    expect_refusal(line, "line 8: a run that is not of the campaign in line 1, or not whole");

    file = tmpfile();
    struct lab_table table;
    char complaint[256];
    long whole;
    cr_assert_eq(read_again(&table, file, &whole, complaint), EBADMSG);
    cr_assert_str_eq(complaint, "line 0: there is no session");
    fclose(file);
}

// Only runs of one block are compared: the machine may have changed meanwhile.
Test(table, ratios_are_of_runs_of_one_block)
{
    struct lab_series baseline = {0}, other = {0};
    for (unsigned block = 0; block < 20; block++) {
        struct lab_record record = {.block = block, .throughput = 100 * exp(block)};
        cr_assert_eq(lab_series_add(&baseline, &record), 0);
        record.throughput *= 2;
        if (block % 2)
            cr_assert_eq(lab_series_add(&other, &record), 0);
    }
    struct lab_location location;
    cr_assert_eq(lab_series_locate(&location, &other, &baseline, 0.01), 0);
    cr_assert_float_eq(location.low, log(2), 1e-9);
    cr_assert_float_eq(location.high, log(2), 1e-9);
    other.count = 7;
    cr_assert_eq(lab_series_locate(&location, &other, &baseline, 0.01), 0);
    cr_assert(isinf(location.high), "too few for an interval");
    other.count = 0;
    cr_assert_eq(lab_series_locate(&location, &other, &baseline, 0.01), 0);
    cr_assert(isnan(location.estimate));
    qsc_free(baseline.records);
    qsc_free(other.records);
}

// A lock that stalls is slow, not left out.
Test(table, a_run_without_a_pass_counts)
{
    struct lab_series baseline = {0}, stalled = {0};
    for (unsigned block = 0; block < 10; block++) {
        struct lab_record record = {.block = block, .throughput = 1e6};
        cr_assert_eq(lab_series_add(&baseline, &record), 0);
        record.throughput = 0;
        cr_assert_eq(lab_series_add(&stalled, &record), 0);
    }
    struct lab_location location;
    cr_assert_eq(lab_series_locate(&location, &stalled, &baseline, 0.01), 0);
    cr_assert_float_eq(exp(location.high), 1e-6, 1e-9);
    qsc_free(baseline.records);
    qsc_free(stalled.records);
}

static char *report(lab_report *write, unsigned blocks, enum lab_axis_name x)
{
    FILE *file = write_file(blocks);
    struct lab_table table;
    char complaint[256], *text = NULL;
    long whole;
    cr_assert_eq(read_again(&table, file, &whole, complaint), 0, "%s", complaint);
    size_t size;
    FILE *out = open_memstream(&text, &size);
    const struct lab_view view = {"runs.jsonl", x};
    cr_assert_eq(write(out, &table, &view), 0);
    fclose(out);
    lab_table_fini(&table);
    fclose(file);
    return text;
}

static unsigned count(const char *text, const char *part)
{
    unsigned found = 0;
    for (; (text = strstr(text, part)); text++)
        found++;
    return found;
}

Test(report, the_page_is_whole_and_says_what_is_not_so)
{
    char *page = report(lab_report_html, 10, LAB_AXIS_THREADS);
    cr_assert_eq(count(page, "<svg "), 3);
    cr_assert_eq(count(page, "</svg>"), 3);
    cr_assert_eq(count(page, "<rect class=grey "), 3, "4 threads on 2 processors are grey");
    cr_assert_geq(count(page, "<polygon "), 2 * 2 + 2, "bands");
    cr_assert_eq(count(page, "This machine has 2 processors"), 1);
    cr_assert_eq(count(page, "60 of 60 runs are flagged"), 1, "threads that began late");
    cr_assert_eq(count(page, "<other>"), 0, "what is no markup is escaped");
    cr_assert_gt(count(page, "&lt;other&gt;"), 3);
    cr_assert_eq(count(page, "a &amp; b"), 2, "the machine");
    cr_assert_eq(count(page, "qsc-lab sweep\n"), 1, "the command line");
    cr_assert_eq(count(page, "http"), 0, "nothing is loaded from elsewhere");
    cr_assert_gt(count(page, ">0.5<"), 0, "the ratio");
    cr_assert_eq(count(page, "nan"), 0);
    free(page);
}

Test(report, few_runs_have_no_interval)
{
    char *page = report(lab_report_html, LAB_BLOCKS_MIN - 1, LAB_AXIS_THREADS);
    cr_assert_eq(count(page, "<polygon "), 0);
    cr_assert_gt(count(page, "fill=\"white\""), 0);
    cr_assert_eq(count(page, "too few runs"), 3 * 3 + 1);
    cr_assert_eq(count(page, "inf"), 0);
    cr_assert_eq(count(page, "nan"), 0);
    free(page);
}

Test(report, another_axis_may_be_the_one_drawn)
{
    char *page = report(lab_report_html, 9, LAB_AXIS_READS);
    cr_assert_eq(count(page, "<svg "), 9, "a panel for each number of threads");
    cr_assert_eq(count(page, "<rect class=grey "), 3, "all of the last");
    free(page);
}

Test(report, csv_has_a_line_for_each_run)
{
    char *text = report(lab_report_csv, 10, LAB_AXIS_THREADS);
    cr_assert_eq(count(text, "\n"), 61);
    unsigned commas = count(text, ",");
    cr_assert_eq(commas % 61, 0, "as many columns in each");
    cr_assert_eq(strncmp(text, "lock,block,threads,section,outside,shape,", 41), 0);
    cr_assert_not_null(strstr(text, "\none,0,1,500,500,uniform,1,1,0,0,no,0,0.01,12345678901,3,100,0.75"));
    free(text);
}

Test(report, benchmarks_are_as_googles)
{
    char *text = report(lab_report_benchmark, 10, LAB_AXIS_THREADS);
    json_t *all = json_loads(text, 0, NULL), *runs = json_object_get(all, "benchmarks");
    cr_assert_eq(json_array_size(runs), 60);
    const json_t *run = json_array_get(runs, 0);
    double ns = json_number_value(json_object_get(run, "real_time"));
    cr_assert_float_eq(ns, 1e9 / 100, 1e-3, "time by passes of all threads, not of each");
    cr_assert_str_eq(json_string_value(json_object_get(run, "time_unit")), "ns");
    cr_assert_str_eq(json_string_value(json_object_get(run, "run_type")), "iteration");
    cr_assert_eq(json_integer_value(json_object_get(json_object_get(all, "context"), "num_cpus")), 2);
    json_decref(all);
    free(text);
}

Test(table, memory_that_cannot_be_had_is_an_error)
{
    FILE *file = write_file(9);
    bool happened = true;
    for (long k = 0; happened; k++) {
        struct lab_table table;
        char complaint[256];
        long whole;
        failing_at(k);
        int error = read_again(&table, file, &whole, complaint);
        happened = failing_happened();
        cr_assert_eq(error, happened ? ENOMEM : 0);
        lab_table_fini(&table);
        cr_assert_eq(failing_live(), 0);
        failing_off();
    }
    fclose(file);
}

Test(report, memory_that_cannot_be_had_is_an_error)
{
    FILE *file = write_file(9), *nowhere = fopen("/dev/null", "w");
    bool happened = true;
    for (long k = 0; happened; k++) {
        struct lab_table table;
        char complaint[256];
        long whole;
        failing_at(-1);
        cr_assert_eq(read_again(&table, file, &whole, complaint), 0);
        failing_at(k);
        const struct lab_view view = {"runs.jsonl", LAB_AXIS_THREADS};
        int error = lab_report_html(nowhere, &table, &view);
        happened = failing_happened();
        cr_assert_eq(error, happened ? ENOMEM : 0);
        cr_assert_eq(failing_live(), 0);
        lab_table_fini(&table);
        failing_off();
    }
    fclose(nowhere);
    fclose(file);
}
