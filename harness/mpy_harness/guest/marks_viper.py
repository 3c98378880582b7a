# Marks for cores that MicroPython has no assembler for: instructions without effect, which xtensa.c and riscv.c of
# counting/plugin_c/decode know. architectures/marks.py puts them in place of the instructions that set `mark` here.
# 1201 and 1202 are bits 0 and 1 of a name, 1203 starts and 1204 stops a region, 1205 pauses and 1206 resumes all
# regions. The bits of a name come before the start, so that they do not count.
#
# Runs on MicroPython, as a part of one program: see common.py.


@micropython.viper
def mark_start(name, kind: int):
    # Marks the byte `kind` unless it is 0, then those of the name, then the start.
    mark = 0
    text = ptr8(name)
    byte = kind
    at = 0
    while True:
        if byte == 0:
            byte = text[at]
            at += 1
            if byte == 0:
                break
        bit = 128
        while bit:
            if byte & bit:
                mark = 1202
            else:
                mark = 1201
            bit >>= 1
        byte = 0
    mark = 1203


@micropython.viper
def mark_stop():
    mark = 1204


@micropython.viper
def mark_pause():
    mark = 1205


@micropython.viper
def mark_resume():
    mark = 1206
