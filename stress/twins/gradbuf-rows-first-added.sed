# file: concurrency/gradbuf_rows.c
# bug: a row is added to what the accumulator has from earlier rounds
# killed-by: native
/^static void add_rows_of_block/,/^}/s/table->columns, held\)/table->columns, true)/
