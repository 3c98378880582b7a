# The same API and algorithm as scaler.c, in Python: see there. out holds integers if it cannot hold a fraction.
# The buffers' types are not checked.


def scaled(x, table, out):
    n = len(x)
    if len(out) != n or len(table) != 2 * n:
        raise ValueError("x, table and out do not fit each other")
    is_float = n > 0 and isinstance(out[0], float)
    for i in range(n):
        value = (x[i] - table[2 * i]) * table[2 * i + 1]
        out[i] = value if is_float else _nearest(value)


def _nearest(value):
    if value != value:
        return 0
    return -32768 if value <= -32768 else 32767 if value >= 32767 else round(value)
