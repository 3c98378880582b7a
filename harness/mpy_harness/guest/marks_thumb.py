# Marks for Arm: moves of a register to itself. They do nothing, and no compiler emits them
# (architectures/arm.py has the table). 0x46c9 and 0x46d2 are bits 0 and 1 of a name, 0x46db starts and 0x46e4 stops a
# region, 0x462d pauses and 0x4636 resumes all regions. The bits of a name come before the start, so that they do not
# count. All functions return 0, because a larger number may need an allocation, which would count.
#
# Runs on MicroPython, as a part of one program: see common.py.


@micropython.asm_thumb
def mark_start(r0, r1):
    # Marks the byte in r1 unless it is 0, then those of the name, then the start.
    mov(r3, r1)
    cmp(r3, 0)
    bne(BYTE)
    label(NEXT)
    ldrb(r3, [r0, 0])
    cmp(r3, 0)
    beq(END)
    add(r0, 1)
    label(BYTE)
    mov(r2, 24)
    lsl(r3, r2)
    mov(r2, 8)
    label(BIT)
    cmp(r3, 0)
    blt(ONE)
    data(2, 0x46C9)
    b(SHIFT)
    label(ONE)
    data(2, 0x46D2)
    label(SHIFT)
    add(r3, r3, r3)
    sub(r2, 1)
    bne(BIT)
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
