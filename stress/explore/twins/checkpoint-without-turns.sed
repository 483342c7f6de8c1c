# file: machine.c
# bug: a checkpoint lacks where threads were in their loops
# noticed-by: checkpoints
/^static void keep_thread/,/^}/s/qx_spin_keep\(t\);//
