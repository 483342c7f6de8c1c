/* qsc-lab report: what a sweep has measured, as a page, as CSV, or as Google Benchmark's JSON. */
#include "report.h"

#include "commands.h"

#include <errno.h>
#include <string.h>

static const struct {
    const char *ending;
    lab_report *write;
} formats[] = {
    {".html", lab_report_html},
    {".csv", lab_report_csv},
    {".json", lab_report_benchmark},
};

static lab_report *find_format(const char *path)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        size_t length = strlen(path), ending = strlen(formats[i].ending);
        if (length > ending && strcmp(path + length - ending, formats[i].ending) == 0)
            return formats[i].write;
    }
    return NULL;
}

/* The first with several values. */
static enum lab_axis_name choose_x(const struct lab_campaign *campaign)
{
    for (unsigned axis = 0; axis < LAB_AXES; axis++) {
        if (campaign->axes[axis].count > 1)
            return axis;
    }
    return LAB_AXIS_THREADS;
}

static bool read_table(struct lab_table *table, const char *path)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        qsc_complain("%s: %s", path, strerror(errno));
        return false;
    }
    char complaint[256];
    long whole;
    bool read = lab_table_read(table, file, &whole, complaint, sizeof complaint) == 0;
    if (!read)
        qsc_complain("%s: %s", path, complaint);
    fclose(file);
    return read;
}

static int write_report(const struct lab_table *table, const struct lab_view *view, const char *to,
                        lab_report *write)
{
    FILE *file = fopen(to, "we");
    if (!file) {
        qsc_complain("%s: %s", to, strerror(errno));
        return QSC_EXIT_FAILURE;
    }
    int error = write(file, table, view);
    bool failed = ferror(file);
    failed = fclose(file) != 0 || failed;
    if (error || failed)
        qsc_complain("%s could not be written whole: %s", to, error ? strerror(error) : "is the disk full?");
    return error || failed ? QSC_EXIT_FAILURE : QSC_EXIT_OK;
}

static int run(int argc, char **argv)
{
    const char *to = NULL, *x = NULL, *from = argc > 1 && argv[1][0] != '-' ? argv[1] : NULL;
    const struct qsc_option options[] = {
        {.name = "out",
         .kind = QSC_OPTION_TEXT,
         .target = &to,
         .value = "FILE",
         .help = "what to write: its name ends with .html, .csv or .json (Google Benchmark's)",
         .required = true},
        {.name = "x",
         .kind = QSC_OPTION_TEXT,
         .target = &x,
         .value = "OPTION",
         .help = "of sweep, over which the plots are drawn; without it the first that has several values"},
        {0},
    };
    int status;
    if (!qsc_options_parse(&lab_report_command, options, argc - (from != NULL), argv + (from != NULL),
                           &status))
        return status;
    if (!from) {
        qsc_complain("report: the file of a sweep is missing (see qsc-lab sweep --help)");
        return QSC_EXIT_USAGE;
    }
    lab_report *write = find_format(to);
    if (!write) {
        qsc_complain("report: --out wants a name that ends with .html, .csv or .json, not '%s'", to);
        return QSC_EXIT_USAGE;
    }
    enum lab_axis_name axis = LAB_AXIS_THREADS;
    while (x && axis < LAB_AXES && strcmp(lab_axes[axis].name, x) != 0)
        axis++;
    if (axis == LAB_AXES) {
        qsc_complain(
            "report: --x wants an option of sweep that takes a list, such as threads or reads, not '%s'", x);
        return QSC_EXIT_USAGE;
    }
    struct lab_table table;
    if (!read_table(&table, from))
        return QSC_EXIT_FAILURE;
    const struct lab_view view = {from, x ? axis : choose_x(&table.campaign)};
    status = write_report(&table, &view, to, write);
    lab_table_fini(&table);
    return status;
}

const struct qsc_command lab_report_command = {
    .name = "report",
    .usage = "FILE.jsonl --out FILE",
    .summary = "draws what a sweep has measured, or writes it as CSV or Google Benchmark's JSON",
    .details = "docs/lab-sweep.md tells how to read the plots.",
    .run = run,
};
