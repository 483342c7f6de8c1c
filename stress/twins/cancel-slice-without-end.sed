# file: concurrency/cancel.c
# bug: a wait that cannot sleep on its tokens does not look at them before its deadline
# killed-by: explore
# scenario: long-chain
s/more \? &end : deadline/deadline/
