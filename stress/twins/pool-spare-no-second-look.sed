# file: concurrency/pool_blocking.c
# bug: a spare thread sleeps without having looked again after it announced itself
# killed-by: explore
# scenario: blocking
s/^ +if \(is_surplus\(slot\)\)/if (true)/
