# file: concurrency/cancel.c
# bug: a token is not cancelled when its parent is
# killed-by: explore genmc
# scenario: parent
s/for \(; cancel; cancel = cancel->parent\)/if (cancel)/
