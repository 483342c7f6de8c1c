// The text that pages are written into, and where the grid lines of their pictures are.
#include "model/text.h"

#include "model/svg.h"
#include "tests/concurrency/failing.h"

#include <criterion/criterion.h>
#include <errno.h>

Test(text, nothing_in_an_escaped_text_is_markup)
{
    struct qsc_text text = {0};
    qsc_text_add(&text, "<a b=\"");
    qsc_text_add_escaped(&text, "x\"&y");
    qsc_text_add(&text, "\">");
    qsc_text_add_escaped(&text, "<i>");
    cr_assert_eq(text.code, 0);
    cr_assert_str_eq(text.text, "<a b=\"x&quot;&amp;y\">&lt;i&gt;");
    qsc_text_fini(&text);
}

Test(text, what_could_not_be_added_is_told_at_the_end)
{
    bool happened = true;
    for (long k = 0; happened; k++) {
        struct qsc_text text = {0};
        failing_at(k);
        for (int i = 0; i < 100; i++)
            qsc_text_add(&text, "%d", i % 10);
        happened = failing_happened();
        cr_assert_eq(text.code, happened ? ENOMEM : 0);
        cr_assert_eq(text.length == 100, !happened);
        qsc_text_fini(&text);
        cr_assert_eq(failing_live(), 0);
        failing_off();
    }
}

Test(svg, grid_lines_are_at_round_values)
{
    static const struct {
        double least, step;
    } cases[] = {{1, 1}, {1.1, 2}, {2.1, 5}, {5.1, 10}, {0.03, 0.05}, {700, 1000}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_assert_float_eq(qsc_svg_step(cases[i].least), cases[i].step, 1e-9, "%g", cases[i].least);
}
