# Marks for RISC-V: slti into the register that is always 0, a hint for custom use (RISC-V unprivileged ISA manual,
# "HINT Instructions"; counting/tcg/decode.h). The immediates 0x4d0 to 0x4d5 are a name's bits 0 and 1, start and
# stop of a region, pause and resume of all.
# A name's bits come before the start, so that a region holds nothing of it. All return 0: an address may take an
# allocation to become an int, which counts.


@micropython.asm_rv32
def mark_start(a0, a1):
    # A name, and a byte before it that is no part of it unless 0.
    bne(a1, zero, BYTE)
    label(NEXT)
    lbu(a1, 0(a0))
    beq(a1, zero, END)
    addi(a0, a0, 1)
    label(BYTE)
    slli(a1, a1, 24)
    c_li(a2, 8)
    label(BIT)
    blt(a1, zero, ONE)
    slti(zero, zero, 0x4D0)
    jal(zero, SHIFT)
    label(ONE)
    slti(zero, zero, 0x4D1)
    label(SHIFT)
    slli(a1, a1, 1)
    addi(a2, a2, -1)
    bne(a2, zero, BIT)
    jal(zero, NEXT)
    label(END)
    c_li(a0, 0)
    slti(zero, zero, 0x4D2)


@micropython.asm_rv32
def mark_stop():
    c_li(a0, 0)
    slti(zero, zero, 0x4D3)


@micropython.asm_rv32
def mark_pause():
    c_li(a0, 0)
    slti(zero, zero, 0x4D4)


@micropython.asm_rv32
def mark_resume():
    c_li(a0, 0)
    slti(zero, zero, 0x4D5)
