# file: concurrency/cancel.c
# bug: a wait with more tokens than the kernel takes sleeps on the first of them, and no longer looks at the others
# killed-by: explore
# scenario: long-chain
s/token \? ENOSYS : //
