#include "../../tools/lines.h"
#include "../model/support.h"

#include <fcntl.h>

static struct qsc_lines lines;
static int writer;

static void setup(void)
{
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    lines = (struct qsc_lines){.descriptor = ends[0]};
    writer = ends[1];
}

static void teardown(void)
{
    qsc_lines_fini(&lines);
    close(lines.descriptor);
}

TestSuite(lines, .init = setup, .fini = teardown);

static void put(const char *text)
{
    cr_assert_eq(write(writer, text, strlen(text)), (ssize_t)strlen(text));
}

static void expect(const char *text)
{
    const char *line;
    size_t bytes;
    cr_assert_eq(qsc_lines_next(&lines, &line, &bytes), 0);
    cr_assert_eq(bytes, strlen(text));
    cr_assert_eq(memcmp(line, text, bytes), 0);
}

static void expect_code(int code)
{
    const char *line;
    size_t bytes;
    cr_assert_eq(qsc_lines_next(&lines, &line, &bytes), code);
}

Test(lines, one_after_the_other)
{
    put("a\n\nbc\r\nd");
    close(writer);
    expect("a");
    expect("");
    expect("bc\r");
    expect("d");
    cr_assert_eq(lines.number, 4);
    expect_code(ENODATA);
    expect_code(ENODATA);
}

Test(lines, waiting_only_for_what_is_there)
{
    cr_assert_not(qsc_lines_waiting(&lines));
    put("a");
    cr_assert_not(qsc_lines_waiting(&lines), "a line that has no end yet");
    put("b\nc");
    cr_assert(qsc_lines_waiting(&lines));
    expect("ab");
    cr_assert_not(qsc_lines_waiting(&lines));
    close(writer);
    cr_assert(qsc_lines_waiting(&lines), "the end is an end of line");
    expect("c");
    cr_assert(qsc_lines_waiting(&lines));
    expect_code(ENODATA);
}

Test(lines, a_fault_of_reading)
{
    close(writer);
    close(lines.descriptor);
    lines.descriptor = open("/", O_RDONLY);
    cr_assert(qsc_lines_waiting(&lines));
    expect_code(EISDIR);
    expect_code(EISDIR);
}

/* A file, because a pipe does not hold as much. */
static void read_long_line(size_t bytes)
{
    FILE *file = tmpfile();
    char *text = malloc(bytes + 3);
    memset(text, 'a', bytes);
    memcpy(text + bytes, "\nb\n", 3);
    cr_assert_eq(fwrite(text, 1, bytes + 3, file), bytes + 3);
    cr_assert_eq(fflush(file), 0);
    rewind(file);
    free(text);
    close(lines.descriptor);
    lines.descriptor = dup(fileno(file));
    fclose(file);
}

Test(lines, the_longest)
{
    close(writer);
    read_long_line(QSC_LINE_BYTES_MAX);
    const char *line;
    size_t bytes;
    cr_assert_eq(qsc_lines_next(&lines, &line, &bytes), 0);
    cr_assert_eq(bytes, QSC_LINE_BYTES_MAX);
    expect("b");
}

Test(lines, longer_than_the_longest)
{
    close(writer);
    read_long_line(QSC_LINE_BYTES_MAX + 1);
    expect_code(EFBIG);
    cr_assert_eq(lines.number, 1);
    cr_assert_lt(lines.capacity, 3 * (size_t)QSC_LINE_BYTES_MAX);
}

static int read_all(void *context)
{
    struct qsc_lines *again = context;
    const char *line;
    size_t bytes;
    int code = qsc_lines_next(again, &line, &bytes);
    qsc_lines_fini(again);
    cr_assert_eq(lseek(again->descriptor, 0, SEEK_SET), 0);
    return code;
}

Test(lines, every_allocation_may_fail)
{
    close(writer);
    read_long_line(1 << 18);
    cr_assert_gt(fail_each_allocation(read_all, &lines), 1);
}
