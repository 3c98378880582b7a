# What the forms that convert digit by digit have in common. Runs on MicroPython.

HEX = b"0123456789abcdef"
DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
# What each character stands for; 255 is none.
HEX_VALUES = bytearray(b"\xff" * 256)
VALUES = bytearray(b"\xff" * 256)
for value, digit in enumerate(HEX):
    HEX_VALUES[digit] = HEX_VALUES[ord(chr(digit).upper())] = value
for value, digit in enumerate(DIGITS):
    VALUES[digit] = value


def check(chars, wanted):
    if chars != wanted:
        raise ValueError("text and bytes of these lengths do not fit")
