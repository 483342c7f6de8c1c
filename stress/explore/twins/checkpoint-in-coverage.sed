# file: checkpoint.c
# bug: coverage lacks what lies before a checkpoint
# noticed-by: checkpoints
/^bool qx_checkpoint_due/,/^}/s/ \&\& !qx_options\(\)->coverage//
