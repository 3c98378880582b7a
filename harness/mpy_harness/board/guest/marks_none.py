# Marks where nothing counts: scripts that set them run all the same.


def mark_start(name):
    pass


def mark_stop():
    pass
