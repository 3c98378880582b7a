# Marks for cores without an assembler in the firmware: where these functions set `mark`, architectures/marks.py puts the
# no-ops that counting/plugin_c/decode/xtensa.c and riscv.c know in place of the instruction.
# A name's bits 0 and 1 are 1201 and 1202, 1203 starts and 1204 stops a region, 1205 pauses and 1206 resumes all.
# A name's bits come before the start, so that a region holds nothing of it.


@micropython.viper
def mark_start(name, kind: int):
    # A name, and a byte before it that is no part of it unless 0.
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
