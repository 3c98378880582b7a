// Where an Xtensa core begins, and what it does where its window of registers overflows or underflows: spill the oldest
// frame to the stack, fill it again (Xtensa Instruction Set Architecture Reference Manual, "Windowed Register Option").

    .macro vector offset
    .org \offset
    .endm

    .section .vectors, "ax"
    .balign 1024
vectors:
    vector 0x000 // overflow of a frame of four registers
    s32e a0, a5, -16
    s32e a1, a5, -12
    s32e a2, a5, -8
    s32e a3, a5, -4
    rfwo

    vector 0x040
    l32e a0, a5, -16
    l32e a1, a5, -12
    l32e a2, a5, -8
    l32e a3, a5, -4
    rfwu

    vector 0x080 // of eight
    s32e a0, a9, -16
    l32e a0, a1, -12
    s32e a1, a9, -12
    s32e a2, a9, -8
    s32e a3, a9, -4
    s32e a4, a0, -32
    s32e a5, a0, -28
    s32e a6, a0, -24
    s32e a7, a0, -20
    rfwo

    vector 0x0c0
    l32e a0, a9, -16
    l32e a1, a9, -12
    l32e a2, a9, -8
    l32e a7, a1, -12
    l32e a3, a9, -4
    l32e a4, a7, -32
    l32e a5, a7, -28
    l32e a6, a7, -24
    l32e a7, a7, -20
    rfwu

    vector 0x100 // of twelve
    s32e a0, a13, -16
    l32e a0, a1, -12
    s32e a1, a13, -12
    s32e a2, a13, -8
    s32e a3, a13, -4
    s32e a4, a0, -48
    s32e a5, a0, -44
    s32e a6, a0, -40
    s32e a7, a0, -36
    s32e a8, a0, -32
    s32e a9, a0, -28
    s32e a10, a0, -24
    s32e a11, a0, -20
    rfwo

    vector 0x140
    l32e a0, a13, -16
    l32e a1, a13, -12
    l32e a2, a13, -8
    l32e a11, a1, -12
    l32e a3, a13, -4
    l32e a4, a11, -48
    l32e a5, a11, -44
    l32e a6, a11, -40
    l32e a7, a11, -36
    l32e a8, a11, -32
    l32e a9, a11, -28
    l32e a10, a11, -24
    l32e a11, a11, -20
    rfwu

    vector 0x300 // any other exception is an end: nothing of a program raises one
    j .

    vector 0x340
    j .

    vector 0x3c0
    j .

    .text
    .literal_position
    .global _start
    .balign 4
_start:
    movi a0, 0
    wsr a0, windowbase
    movi a2, 1
    wsr a2, windowstart
    wsr a2, cpenable // the floating-point unit
    wsr a0, lcount
    rsync
    movi a2, vectors
    wsr a2, vecbase
    movi a2, 0x40020 // PS: windows are on, user mode
    wsr a2, ps
    rsync
    movi a1, _estack
    movi a6, 1
    movi a7, 0
    call4 main
    j .
