# file: concurrency/lock_order.c
# bug: only circles of two are found
# killed-by: native
s/^(            if \(edge->to->search != searches) *\)( \{)$/\1 \&\& node == start)\2/
