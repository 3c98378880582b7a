# Marks for Arm: register moves to themselves, which do nothing and which no compiler emits
# (counting/tcg/decode.h). 0x46c9 and 0x46d2 are a name's bits 0 and 1, 0x46db starts and 0x46e4 stops a region,
# 0x462d pauses and 0x4636 resumes all.
# A name's bits come before the start, so that a region holds nothing of it. All return 0: an address may take an
# allocation to become an int, which counts.


@micropython.asm_thumb
def mark_start(r0):
    label(NEXT)
    ldrb(r1, [r0, 0])
    cmp(r1, 0)
    beq(END)
    mov(r2, 24)
    lsl(r1, r2)
    mov(r2, 8)
    label(BIT)
    cmp(r1, 0)
    blt(ONE)
    data(2, 0x46C9)
    b(SHIFT)
    label(ONE)
    data(2, 0x46D2)
    label(SHIFT)
    add(r1, r1, r1)
    sub(r2, 1)
    bne(BIT)
    add(r0, 1)
    b(NEXT)
    label(END)
    mov(r0, 0)
    data(2, 0x46DB)


@micropython.asm_thumb
def mark_stop():
    mov(r0, 0)
    data(2, 0x46E4)


@micropython.asm_thumb
def mark_pause():
    mov(r0, 0)
    data(2, 0x462D)


@micropython.asm_thumb
def mark_resume():
    mov(r0, 0)
    data(2, 0x4636)
