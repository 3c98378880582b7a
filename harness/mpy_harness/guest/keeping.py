# The file system over a board's own files, where those have to stay as they are: files of the host come first, then
# those of the board; what the program writes is in memory, also where it changes or removes a file of the board.
#
# Runs on MicroPython, as a part of one program: see common.py. It is in the program for such boards, in the place of
# mounting.py.


class KeptFiles(Files):
    def __init__(self, ask, flash):
        super().__init__(ask)
        self.flash = flash

    def host(self, kind, path):
        found = super().host(kind, path)
        is_list = kind == b"l"
        if self.flash is None or not (is_list or found is None):
            return found
        try:
            if is_list:
                lines = [(b"d" if e[1] & _FOLDER else b"f") + e[0].encode() for e in self.flash.ilistdir(path)]
                return b"\n".join(lines if not found else lines + [found])
            entry = self.flash.stat(path)
            if kind == b"s":
                return b"-1" if entry[0] & _FOLDER else b"%d" % entry[6]
            with self.flash.open(path, "rb") as file:
                if kind == b"r":
                    return file.read()
                at, size = kind[1:-1].split(b",")
                file.seek(int(at))
                return file.read(int(size))
        except OSError:
            return found


def mount_files(ask):
    os.mount(KeptFiles(ask, mounted()), "/")
    os.chdir("/")  # and not in a folder of the board's files
