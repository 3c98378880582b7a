# One call each. It makes an object, which is then copied to where it is wanted.

from binascii import a2b_base64, b2a_base64, hexlify, unhexlify


def hex_encode(src, out):
    out[:] = hexlify(src)


def hex_decode(src, out):
    out[:] = unhexlify(src)


def base64_encode(src, out):
    out[:] = b2a_base64(src, newline=False)


def base64_decode(src, out):
    out[:] = a2b_base64(src)
