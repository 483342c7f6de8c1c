#include "progress.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BAR_CELLS = 24, REDRAW_MS = 100, LINE_MS = 2000 };

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void format_duration(char *text, size_t size, double seconds)
{
    if (seconds < 60)
        snprintf(text, size, "%.1f s", seconds);
    else if (seconds < 3600)
        snprintf(text, size, "%d:%02d min", (int)(seconds / 60), (int)seconds % 60);
    else
        snprintf(text, size, "%d:%02d h", (int)(seconds / 3600), (int)(seconds / 60) % 60);
}

/* A bar in eighths of a cell: it moves even where one unit is less than a cell. */
static void format_bar(char *text, size_t size, uint64_t done, uint64_t total)
{
    static const char *const eighths[] = {" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    uint64_t filled =
        done >= total ? (uint64_t)BAR_CELLS * 8 : (uint64_t)((double)done / (double)total * BAR_CELLS * 8);
    text[0] = '\0';
    size_t length = 0;
    for (uint64_t cell = 0; cell < BAR_CELLS; cell++) {
        const char *glyph = filled >= (cell + 1) * 8 ? "█" : filled > cell * 8 ? eighths[filled % 8] : " ";
        int added = snprintf(text + length, size - length, "%s", glyph);
        if (added < 0 || (size_t)added >= size - length)
            return;
        length += (size_t)added;
    }
}

static void draw(const struct qsc_progress *progress, uint64_t done, const char *note)
{
    double spent = (double)(now_ns() - progress->begin_ns) / 1e9;
    char time_text[32], bar[BAR_CELLS * 4 + 1];
    format_duration(time_text, sizeof time_text, spent);
    const char *before = progress->terminal ? "\r\033[K" : "";
    const char *comma = note && *note ? "  " : "";
    note = note ? note : "";
    if (progress->total == 0) {
        fprintf(progress->out, "%s%s  %" PRIu64 "  %s%s%s", before, progress->what, done, time_text, comma,
                note);
    } else if (progress->terminal) {
        format_bar(bar, sizeof bar, done, progress->total);
        fprintf(progress->out, "%s%s ▕%s▏ %3.0f %%  %s%s%s", before, progress->what, bar,
                100.0 * (double)done / (double)progress->total, time_text, comma, note);
    } else {
        fprintf(progress->out, "%s: %" PRIu64 "/%" PRIu64 " (%.0f %%)  %s%s%s", progress->what, done,
                progress->total, 100.0 * (double)done / (double)progress->total, time_text, comma, note);
    }
    if (!progress->terminal)
        fputc('\n', progress->out);
    fflush(progress->out);
}

void qsc_progress_begin(struct qsc_progress *progress, FILE *out, const char *what, uint64_t total)
{
    *progress = (struct qsc_progress){.out = out, .what = what, .total = total};
    const char *terminal = getenv("TERM");
    progress->terminal = isatty(fileno(out)) && !(terminal && strcmp(terminal, "dumb") == 0);
    progress->begin_ns = now_ns();
    progress->shown_ns = progress->begin_ns;
    if (progress->terminal)
        draw(progress, 0, NULL);
}

void qsc_progress_update(struct qsc_progress *progress, uint64_t done, const char *note)
{
    int64_t now = now_ns();
    int64_t pause_ms = progress->terminal ? REDRAW_MS : LINE_MS;
    if (now - progress->shown_ns < pause_ms * 1000000)
        return;
    progress->shown_ns = now;
    draw(progress, done, note);
}

void qsc_progress_end(struct qsc_progress *progress, uint64_t done, const char *note)
{
    draw(progress, done, note);
    if (progress->terminal)
        fputc('\n', progress->out);
    fflush(progress->out);
}

void qsc_progress_hide(struct qsc_progress *progress)
{
    if (progress->terminal)
        fputs("\r\033[K", progress->out);
    fflush(progress->out);
    progress->shown_ns = 0;
}
