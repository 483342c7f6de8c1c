/* gradbuf_rows.c: contributions to few rows of a table, added in the order of their indices as those of
 * gradbuf_ordered.c are, whose turns and blocks these use.
 *
 * A shard and each block of an accumulator have a list of the rows they hold, and know where in it a row
 * stands: place[row] is right if it is below the list's length and the list has the row there, otherwise the
 * row is not in it. So a list is emptied by its length alone, whatever is left in place (P. Briggs and L.
 * Torczon, "An efficient representation for sparse sets", ACM LOPLAS 2(1-4), 1993). A shard holds its rows in
 * the order of the list; an accumulator holds every row in its place of the table, and those of the list are
 * the sum. A block is a range of rows, so that those who add to different blocks share nothing. `place` of
 * the accumulators is used while a round is filled, and only one is. */
#include <quiesce/concurrency/alloc.h>
#include <quiesce/concurrency/gradbuf_internal.h>

#include <errno.h>
#include <string.h>

// Each block looks through the whole list of a contribution: many blocks would look more than they add.
enum { most_blocks = 16 };

static uint32_t rows_a_block(uint32_t rows)
{
    return (rows - 1) / most_blocks + 1;
}

// The row's place in the list, at whose end it comes if it is not in it; *held says whether it was.
static uint32_t find_or_append(uint32_t *rows, uint32_t *count, uint32_t *place, uint32_t row, bool *held)
{
    *held = place[row] < *count && rows[place[row]] == row;
    if (!*held) {
        rows[*count] = row;
        place[row] = (*count)++;
    }
    return place[row];
}

static void add_row(float *restrict to, const float *restrict from, size_t columns, bool held)
{
    if (!held)
        memcpy(to, from, columns * sizeof *to);
    for (size_t i = 0; held && i < columns; i++)
        to[i] += from[i];
}

static int begin_rows(struct gradbuf *buffers, uint32_t index, float **grad)
{
    struct slot *slot = qsc_gradbuf_take_slot(buffers, index);
    if (!slot)
        return EINVAL;
    *grad = NULL;
    slot->touched = 0;
    return 0;
}

static int add_rows(struct gradbuf *buffers, uint32_t index, size_t offset, const float *values, size_t count)
{
    const struct table *table = buffers->table;
    struct slot *slot = slot_of(buffers, buffers->base + index);
    if (offset % table->columns || count % table->columns)
        return EINVAL;
    uint32_t row = (uint32_t)(offset / table->columns), end = row + (uint32_t)(count / table->columns);
    for (; row < end; row++, values += table->columns) {
        bool held;
        uint32_t at = find_or_append(slot->rows, &slot->touched, slot->place, row, &held);
        if (at == table->capacity) { // the list has room for one more, which is not taken
            slot->touched--;
            return ENOSPC;
        }
        add_row((float *)slot->shard + at * table->columns, values, table->columns, held);
    }
    return 0;
}

static void add_rows_of_block(struct gradbuf *buffers, struct slot *slot, size_t block)
{
    struct table *table = buffers->table;
    bool second = slot->to != buffers->accumulators;
    uint32_t first = (uint32_t)block * table->rows_a_block,
             *touched = &buffers->blocks[block].touched[second];
    if (slot->first)
        *touched = 0;
    for (uint32_t i = 0; i < slot->touched; i++) {
        uint32_t row = slot->rows[i];
        if (row - first >= table->rows_a_block)
            continue;
        bool held;
        (void)find_or_append(table->touched[second] + first, touched, table->place, row, &held);
        add_row(slot->to + row * table->columns, (const float *)slot->shard + i * table->columns,
                table->columns, held);
    }
}

static int make_table(struct gradbuf *buffers, uint32_t rows, size_t columns, uint32_t capacity)
{
    struct table *table = qsc_alloc(sizeof *table);
    buffers->table = table;
    if (!table)
        return ENOMEM;
    *table = (struct table){
        .columns = columns, .rows = rows, .capacity = capacity, .rows_a_block = rows_a_block(rows)};
    size_t a_shard = (size_t)capacity + 1 + rows;
    table->indices = qsc_alloc_zeroed(3 * (size_t)rows + buffers->shards * a_shard, sizeof *table->indices);
    if (!table->indices)
        return ENOMEM;
    table->touched[0] = table->indices;
    table->touched[1] = table->touched[0] + rows;
    table->place = table->touched[1] + rows;
    for (uint32_t i = 0; i < buffers->shards; i++) {
        buffers->slots[i].rows = table->place + rows + i * a_shard;
        buffers->slots[i].place = buffers->slots[i].rows + capacity + 1;
    }
    return 0;
}

int qsc_gradbuf_init_rows(qsc_gradbuf *buffers_storage, uint32_t rows, size_t columns, uint32_t shards,
                          uint32_t capacity)
{
    static const struct gradbuf_kind kind = {
        qsc_gradbuf_open_ordered,   qsc_gradbuf_shard_is_free, begin_rows, add_rows,
        qsc_gradbuf_commit_ordered, add_rows_of_block};
    struct gradbuf *buffers = gradbuf_of(buffers_storage);
    size_t size, shard_bytes;
    if (rows == 0 || columns == 0 || shards == 0 || capacity == 0 || capacity > rows)
        return EINVAL;
    if (__builtin_mul_overflow(rows, columns, &size) ||
        __builtin_mul_overflow(capacity * sizeof(float), columns, &shard_bytes))
        return ENOMEM;
    int error =
        qsc_gradbuf_init_kind(buffers, &kind, size, (rows - 1) / rows_a_block(rows) + 1, shards, shard_bytes);
    if (error)
        return error;
    error = make_table(buffers, rows, columns, capacity);
    if (error)
        qsc_gradbuf_fini(buffers_storage);
    return error;
}

size_t qsc_gradbuf_touched(qsc_gradbuf *buffers_storage, const uint32_t **rows)
{
    struct gradbuf *buffers = gradbuf_of(buffers_storage);
    struct table *table = buffers->table;
    size_t which = atomic_load_explicit(&buffers->released, memory_order_relaxed) & 1;
    uint32_t count = 0, *all = table->touched[which];
    for (size_t i = 0; i < buffers->block_count; i++) {
        uint32_t *touched = &buffers->blocks[i].touched[which];
        memmove(all + count, all + i * table->rows_a_block, *touched * sizeof *all);
        count += *touched;
        *touched = 0;
    }
    buffers->blocks[0].touched[which] = count; // asked again, they all stand where the first block's do
    *rows = all;
    return count;
}
