// What a list of values says, which cells a campaign has, and that it survives being written and read.
#include "bench/lab/campaign.h"

#include "bench/lab/clock.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static struct lab_values parse(enum lab_axis_name axis, const char *text)
{
    struct lab_values values;
    cr_assert(lab_values_parse(&values, axis, text), "%s", text);
    return values;
}

static void expect(enum lab_axis_name axis, const char *text, unsigned count, const double *expected)
{
    struct lab_values values = parse(axis, text);
    cr_assert_eq(values.count, count, "%s: %u values", text, values.count);
    for (unsigned i = 0; i < count; i++)
        cr_assert_eq(values.of[i], expected[i], "%s: %g", text, values.of[i]);
}

Test(campaign, lists_of_values)
{
    expect(LAB_AXIS_THREADS, "1,2,7", 3, (double[]){1, 2, 7});
    expect(LAB_AXIS_THREADS, "1..8", 4, (double[]){1, 2, 4, 8});
    expect(LAB_AXIS_THREADS, "1..6,12", 5, (double[]){1, 2, 4, 6, 12});
    expect(LAB_AXIS_THREADS, "4,4,4.2", 1, (double[]){4});
    expect(LAB_AXIS_SKEW, "0,0.99", 2, (double[]){0, 0.99});
    expect(LAB_AXIS_SHAPE, "bimodal,constant", 2, (double[]){LAB_BIMODAL, LAB_CONSTANT});
    expect(LAB_AXIS_PIN, "no,yes", 2, (double[]){0, 1});
    unsigned processors = (unsigned)qsc_port_processors();
    expect(LAB_AXIS_THREADS, "P", 1, (double[]){processors});
    expect(LAB_AXIS_THREADS, "2P", 1, (double[]){2 * processors});
    expect(LAB_AXIS_THREADS, "0.001P", 1, (double[]){1});
    cr_assert_eq(parse(LAB_AXIS_THREADS, "1..P").of[0], 1);
    double ns = round(10000 / lab_clock_get()->ticks_per_ns);
    expect(LAB_AXIS_OUTSIDE, "10000c", 1, (double[]){ns});
}

Test(campaign, what_is_no_list)
{
    static const char *const wrong[] = {"",    ",",    "1,",     ",1",   "0",     "257", "-1", "x",
                                        "1 ",  "1..",  "..2",    "0..2", "1...4", "P2",  "1x", "nan",
                                        "inf", "1..x", "1..300", "1,,2", "1e9",   "1.."};
    struct lab_values values;
    for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_assert_not(lab_values_parse(&values, LAB_AXIS_THREADS, wrong[i]), "%s", wrong[i]);
    cr_assert_not(lab_values_parse(&values, LAB_AXIS_SHAPE, "0"));
    cr_assert_not(lab_values_parse(&values, LAB_AXIS_SHAPE, "uniform,flat"));
    char many[200] = "0";
    for (int i = 1; i <= LAB_VALUES_MAX; i++)
        sprintf(many + strlen(many), ",%d", i);
    cr_assert_not(lab_values_parse(&values, LAB_AXIS_SECTION, many));
}

static struct lab_campaign make_campaign(const struct lab_preset *preset)
{
    struct lab_campaign campaign = {.lock_count = 2, .ms = 10, .warm_up_ms = 5, .seed = 77};
    strcpy(campaign.locks[0], "one");
    strcpy(campaign.locks[1], "other");
    strcpy(campaign.preset, preset->name);
    for (unsigned axis = 0; axis < LAB_AXES; axis++)
        campaign.axes[axis] = parse(axis, preset->axes[axis] ? preset->axes[axis] : lab_axes[axis].usual);
    return campaign;
}

static const struct lab_preset varied = {.name = "varied",
                                         .axes = {[LAB_AXIS_THREADS] = "1,3",
                                                  [LAB_AXIS_SHAPE] = "constant,bimodal",
                                                  [LAB_AXIS_SKEW] = "0,0.5,1",
                                                  [LAB_AXIS_LOCKS] = "7",
                                                  [LAB_AXIS_LINES] = "4",
                                                  [LAB_AXIS_READS] = "20",
                                                  [LAB_AXIS_PIN] = "yes",
                                                  [LAB_AXIS_BACKGROUND] = "2",
                                                  [LAB_AXIS_SECTION] = "300",
                                                  [LAB_AXIS_OUTSIDE] = "3000"}};

Test(campaign, each_cell_is_there_once)
{
    struct lab_campaign campaign = make_campaign(&varied);
    cr_assert_eq(lab_campaign_cells(&campaign), 12);
    for (unsigned i = 0; i < 12; i++) {
        struct lab_cell cell = lab_campaign_cell(&campaign, i);
        cr_assert_eq(lab_campaign_find(&campaign, &cell), i);
    }
    struct lab_cell other = lab_campaign_cell(&campaign, 0);
    other.at[LAB_AXIS_THREADS] = 2;
    cr_assert_eq(lab_campaign_find(&campaign, &other), 12);
}

Test(campaign, a_run_is_planned_as_its_cell_says)
{
    struct lab_campaign campaign = make_campaign(&varied);
    struct lab_cell cell = lab_campaign_cell(&campaign, 11);
    struct lab_plan plan = lab_campaign_plan(&campaign, &cell, lab_lock_find("qsc_mutex"));
    cr_assert_eq(plan.lock, lab_lock_find("qsc_mutex"));
    cr_assert_eq(plan.threads, 3);
    cr_assert_eq(plan.section_ns, 300);
    cr_assert_eq(plan.outside_ns, 3000);
    cr_assert_eq(plan.shape, LAB_BIMODAL);
    cr_assert_eq(plan.lines, 4);
    cr_assert_eq(plan.locks, 7);
    cr_assert_eq(plan.skew, 1);
    cr_assert_eq(plan.reads, 20);
    cr_assert(plan.pin);
    cr_assert_eq(plan.background, 2);
    cr_assert_eq(plan.windows, 10);
    cr_assert_eq(plan.warm_up_ns, 5000000);
    cr_assert_not(plan.waits, "two stamps a pass would be in every throughput");
}

Test(campaign, lengths_are_not_constant_unless_that_is_asked_for)
{
    cr_assert_eq(parse(LAB_AXIS_SHAPE, lab_axes[LAB_AXIS_SHAPE].usual).of[0], LAB_UNIFORM);
}

Test(campaign, is_the_same_when_read_again)
{
    struct lab_campaign campaign = make_campaign(&varied), again;
    json_t *json = lab_campaign_to_json(&campaign);
    cr_assert_not_null(json);
    cr_assert(lab_campaign_from_json(&again, json));
    json_t *second = lab_campaign_to_json(&again);
    cr_assert(json_equal(json, second));
    static const char *const needed[] = {"contenders", "ms", "seed", "threads", "shape", "background"};
    for (unsigned i = 0; i < sizeof needed / sizeof *needed; i++) {
        json_t *part = json_copy(json);
        json_object_del(part, needed[i]);
        cr_assert_not(lab_campaign_from_json(&again, part), "%s is missing", needed[i]);
        json_object_set_new(part, needed[i], json_string("x"));
        cr_assert_not(lab_campaign_from_json(&again, part), "%s is wrong", needed[i]);
        json_decref(part);
    }
    json_decref(second);
    json_decref(json);
}

// A preset that says nothing of where it is from, or whose lists are wrong, is none.
Test(campaign, presets_can_be_used_and_name_their_source)
{
    for (const struct lab_preset *preset = lab_presets; preset < lab_presets + LAB_PRESETS; preset++) {
        cr_assert_not_null(preset->name);
        struct lab_campaign campaign = make_campaign(preset);
        cr_assert_leq(lab_campaign_cells(&campaign), 64, "%s", preset->name);
        cr_assert_not_null(strstr(preset->copies, "github.com/"), "%s", preset->name);
    }
}
