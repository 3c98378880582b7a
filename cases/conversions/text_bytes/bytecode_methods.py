# The methods of bytes, whose text is a str: another copy on the way to a buffer.


def hex_encode(src, out):
    out[:] = src.hex().encode()


def hex_decode(src, out):
    out[:] = bytes.fromhex(str(src, "ascii"))
