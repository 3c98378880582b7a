# What the generated makefile includes: nothing that AVRs share.
