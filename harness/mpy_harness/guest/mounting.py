# Which file systems a program finds, where the board's own need not stay as they are.
#
# Runs on MicroPython, as a part of one program: see common.py. keeping.py is in its place for other boards.


def mount_files(ask):
    # `ask` asks the host for its files; None where it offers none.
    flash = mounted()
    if flash is None:
        os.mount(Files(ask), "/")
        return
    if ask is not None:
        os.mount(FlashFiles(ask, flash), "/")
    for place in ("/natmods", "/python"):  # where the host puts modules: memory, because flash is slow
        os.mount(Files(None), place)
