# File systems of the harness. Files is for boards that have none of their own: it reads files of the host, which offers
# some of its folders, and keeps in memory what the guest writes. FlashFiles is for boards that have one in flash: files
# of the host come first, all others are the board's.
#
# Runs on MicroPython, as a part of one program: see common.py.

_HELD = const(8192)  # bytes of a host's file that are held in memory; a longer one is read in blocks
_IS_FOLDER = const(0x64)  # "d": what the host's line about a folder begins with


def _uncounted(method):
    # Finding a file of the host does not count as work of the program: a board has another file system.
    def run(*args):
        mark_pause()
        try:
            return method(*args)
        finally:
            mark_resume()

    return run


class Files:
    def __init__(self, ask):
        self.ask = ask
        self.own = {}  # path -> bytes of a file that was written here, None for a folder, False for a deleted one
        self.writers = []
        self.cwd = "/"

    def host(self, kind, path):
        # Returns None where the host has nothing of that name.
        return None if self.ask is None else self.ask(kind + path.encode())

    def part(self, path, at, size):
        return self.host(b"b%d,%d," % (at, size), path)

    def reader(self, path, text):
        # Returns an open file of the host, None where the host has none of that name.
        data = self.part(path, 0, _HELD)
        if data is None or len(data) < _HELD:
            return None if data is None else _Reader(data, text)
        data = None
        return _BlockReader(self, path, int(self.host(b"s", path)), text)

    def path(self, name):
        parts = []
        for part in (name if name.startswith("/") else self.cwd + "/" + name).split("/"):
            if part == "..":
                if parts:
                    parts.pop()
            elif part and part != ".":
                parts.append(part)
        return "/" + "/".join(parts)

    def written(self, path):
        # Other open files see at once what is written to one, as on the unix port, not when it is closed.
        for writer in self.writers:
            if writer.path == path:
                writer.flush()
        return self.own.get(path, 0)

    def kind(self, path):
        # Returns -1 for a folder, a file's size in bytes otherwise.
        if path == "/":
            return -1
        own = self.written(path)
        if own is False:
            raise OSError(errno.ENOENT)
        if own is None:
            return -1
        if own != 0:
            return len(own)
        answer = self.host(b"s", path)
        if answer is None:
            raise OSError(errno.ENOENT)
        return int(answer)

    def store(self, path, data):
        self.own[path] = data

    def parent(self, path):
        if self.kind(path[: path.rfind("/")] or "/") >= 0:
            raise OSError(errno.ENOTDIR)

    def load(self, path):
        own = self.written(path)
        if own is False:
            raise OSError(errno.ENOENT)
        if own is None or path == "/":
            raise OSError(errno.EISDIR)
        if own != 0:
            return own
        data = self.host(b"r", path)
        if data is None:
            raise OSError(errno.EISDIR if self.kind(path) < 0 else errno.EIO)
        return data

    # --- what MicroPython asks of a file system ----------------------------------------------

    def mount(self, readonly, mkfs):
        pass

    def umount(self):
        pass

    @_uncounted
    def open(self, name, mode):
        path = self.path(name)
        text = "b" not in mode
        if "w" in mode or "a" in mode or "x" in mode:
            self.parent(path)
            data = b""
            try:
                if self.kind(path) < 0:
                    raise OSError(errno.EISDIR)
                if "x" in mode:
                    raise OSError(errno.EEXIST)
                if "a" in mode:
                    data = self.load(path)
            except OSError as error:
                if error.errno != errno.ENOENT:
                    raise
            self.store(path, data)
            return _Writer(self, path, data, text, len(data))
        if "+" not in mode and path not in self.own and (file := self.reader(path, text)):
            return file
        data = self.load(path)
        return _Writer(self, path, data, text, 0) if "+" in mode else _Reader(data, text)

    @_uncounted
    def stat(self, name):
        size = self.kind(self.path(name))
        return (_FOLDER if size < 0 else _FILE, 0, 0, 0, 0, 0, max(size, 0), 0, 0, 0)

    def statvfs(self, name):
        import gc

        return (1, 1, gc.mem_free() + gc.mem_alloc(), gc.mem_free(), gc.mem_free(), 0, 0, 0, 0, 255)

    @_uncounted
    def ilistdir(self, name):
        path = self.path(name)
        if self.kind(path) >= 0:
            raise OSError(errno.ENOTDIR)
        entries = {}
        for line in (self.host(b"l", path) or b"").split(b"\n"):
            if line:
                entries[str(line[1:], "utf8")] = _FOLDER if line[0] == _IS_FOLDER else _FILE
        prefix = path if path == "/" else path + "/"
        for own, data in self.own.items():
            if own.startswith(prefix) and "/" not in own[len(prefix) :]:
                if data is False:
                    entries.pop(own[len(prefix) :], None)
                else:
                    entries[own[len(prefix) :]] = _FOLDER if data is None else _FILE
        return iter([(n, k, 0) for n, k in sorted(entries.items())])

    def mkdir(self, name):
        path = self.path(name)
        try:
            self.kind(path)
        except OSError:
            self.parent(path)
            self.own[path] = None
            return
        raise OSError(errno.EEXIST)

    def remove(self, name):
        path = self.path(name)
        if self.kind(path) < 0:
            raise OSError(errno.EISDIR)
        self.own[path] = False

    def rmdir(self, name):
        path = self.path(name)
        if self.kind(path) >= 0:
            raise OSError(errno.ENOTDIR)
        for _ in self.ilistdir(path):
            raise OSError(getattr(errno, "ENOTEMPTY", 39))
        self.own[path] = False

    def rename(self, old, new):
        self.store(self.path(new), self.load(self.path(old)))
        self.remove(old)

    def chdir(self, name):
        path = self.path(name)
        if self.kind(path) >= 0:
            raise OSError(errno.ENOENT)
        self.cwd = path

    def getcwd(self):
        return self.cwd


class FlashFiles(Files):
    def __init__(self, ask, flash):
        super().__init__(ask)
        self.flash = flash
        self.changed = set()  # paths that the program has written: the host's files of these names are hidden

    def host(self, kind, path):
        return None if path in self.changed else super().host(kind, path)

    def kind(self, path):
        try:
            return super().kind(path)
        except OSError:
            entry = self.flash.stat(path)
            return -1 if entry[0] & _FOLDER else entry[6]

    def change(self, name):
        path = self.path(name)
        self.changed.add(path)
        return path

    @_uncounted
    def open(self, name, mode):
        path = self.path(name)
        if "w" in mode or "a" in mode or "x" in mode or "+" in mode:
            data = self.host(b"r", path)
            if data is not None and "w" not in mode:
                if "x" in mode:
                    raise OSError(errno.EEXIST)
                with self.flash.open(path, "wb") as file:
                    file.write(data)
            return self.flash.open(self.change(path), mode)
        return self.reader(path, "b" not in mode) or self.flash.open(path, mode)

    def statvfs(self, name):
        return self.flash.statvfs("/")

    @_uncounted
    def ilistdir(self, name):
        path = self.path(name)
        if self.kind(path) >= 0:
            raise OSError(errno.ENOTDIR)
        entries = {}
        for line in (self.host(b"l", path) or b"").split(b"\n"):
            if line:
                entries[str(line[1:], "utf8")] = _FOLDER if line[0] == _IS_FOLDER else _FILE
        try:
            for entry in self.flash.ilistdir(path):
                entries.setdefault(entry[0], entry[1])
        except OSError:
            pass  # only the host has this folder
        return iter([(n, k, 0) for n, k in sorted(entries.items())])

    def mkdir(self, name):
        self.flash.mkdir(self.path(name))

    def remove(self, name):
        self.flash.remove(self.path(name))

    def rmdir(self, name):
        self.flash.rmdir(self.path(name))

    def rename(self, old, new):
        self.flash.rename(self.path(old), self.change(new))


def mounted():
    # Returns the file system that the firmware has mounted, None where there is none or the firmware does not tell.
    try:
        os.statvfs("/")
        import vfs

        try:
            return [fs for fs, path in vfs.mount() if path == "/"][0]
        except TypeError:  # MicroPython before 1.25 does not list them: mount anew what its ESP32 port has mounted
            from flashbdev import bdev

            fs = vfs.VfsLfs2(bdev)
            vfs.umount("/")
            vfs.mount(fs, "/")
            return fs
    except (OSError, ImportError, AttributeError, IndexError):
        return None
