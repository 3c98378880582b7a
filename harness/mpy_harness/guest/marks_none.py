# Marks for machines that count nothing: scripts that set them run all the same.
#
# Runs on MicroPython, as a part of one program: see common.py.


def mark_start(name, kind):
    pass


def mark_stop():
    pass


def mark_pause():
    pass


def mark_resume():
    pass
