# file: waits.c
# bug: an execution goes on from a checkpoint although the kernel keeps a state that is not put back
# noticed-by: checkpoints
/^long syscall/,/^}/s/qx_checkpoint_forbid\(\);/;/
