# Files as a program has them open: one that it writes, one of the host that is held in memory, one of the host that is
# read in blocks.
#
# Runs on MicroPython, as a part of one program: see common.py.

import errno
import io

# Requests of C code to a stream, MP_STREAM_... of py/stream.h, and what says that one is not known.
_FLUSH = const(1)
_SEEK = const(2)
_POLL = const(3)
_CLOSE = const(4)
_GET_BUFFER_SIZE = const(11)
_READY = const(5)  # MP_STREAM_POLL_RD and MP_STREAM_POLL_WR: neither waits
_EINVAL = const(22)
_READ_BLOCK = const(2048)
_PARSE_BLOCK = const(128)  # which MicroPython's parser takes at once


class _Stream(io.IOBase):
    # What all open files have for C code and for "with".
    def flush(self):
        pass

    def tell(self):
        return self.seek(0, 1)

    def ioctl(self, request, argument):
        if request == _SEEK:
            place = uctypes.struct(argument, {"offset": 0 | uctypes.INT32, "whence": 4 | uctypes.INT32})
            place.offset = self.seek(place.offset, place.whence)
        elif request == _FLUSH:
            self.flush()
        elif request == _POLL:
            return argument & _READY
        elif request == _CLOSE:
            self.close()
        else:
            return -_EINVAL
        return 0

    def __iter__(self):
        return self

    def __next__(self):
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class _Writer(_Stream):
    # An open file that may be written. When it is closed, its content goes back to the file system.
    def __init__(self, fs, path, data, text, at):
        self.fs = fs
        self.path = path
        self.text = text
        self.buffer = io.BytesIO(data)
        self.buffer.seek(at)
        self.is_empty = not data
        self.whole = None  # all of the content, where it was written at once and needs no second copy
        self.new = False  # whether something was written that the file system does not have yet
        fs.writers.append(self)

    def write(self, data):
        if isinstance(data, str):
            data = data.encode()
        self.new = True
        self.whole = None
        if self.is_empty and isinstance(data, bytes) and self.tell() == 0:
            self.whole = data
            self.is_empty = False
            self.buffer = io.BytesIO(data)
            return self.buffer.seek(len(data))
        self.is_empty = False
        return self.buffer.write(data)

    def _out(self, data):
        return str(data, "utf8") if self.text else data

    def read(self, size=-1):
        return self._out(self.buffer.read(size))

    def readline(self):
        return self._out(self.buffer.readline())

    def readlines(self):
        return list(self)

    def readinto(self, target):
        return self.buffer.readinto(target)

    def seek(self, offset, whence=0):
        return self.buffer.seek(offset, whence)

    def flush(self):
        if self.new:
            self.new = False
            self.fs.store(self.path, self.buffer.getvalue() if self.whole is None else self.whole)

    def close(self):
        if self.buffer:
            self.flush()
            self.buffer = None
            self.fs.writers.remove(self)


class _Reader(_Stream):
    # An open file that may be read. It exists because MicroPython's own streams in memory have no readlines().
    def __init__(self, data, text):
        self.inner = io.StringIO(str(data, "utf8")) if text else io.BytesIO(data)
        self.readinto = self.inner.readinto
        self.read = self.inner.read
        self.readline = self.inner.readline
        self.seek = self.inner.seek

    def readlines(self):
        return list(self.inner)

    def write(self, data):
        raise OSError(errno.EBADF)

    def close(self):
        self.__init__(b"", False)  # a BytesIO that is closed still refers to its content
        self.inner.close()

    def __iter__(self):
        return iter(self.inner)


class _BlockReader(_Stream):
    # An open file of the host that is too large to be held: a block of it is in memory.
    def __init__(self, fs, path, size, text):
        self.fs = fs
        self.path = path
        self.size = size
        self.text = text
        self.go(0)

    def go(self, place):
        # No block is in memory: the next one begins here.
        self.begin = place
        self.length = 0
        self.block = io.BytesIO()

    def next_block(self):
        if self.fs is None:
            raise OSError(errno.EBADF)
        self.go(self.tell())  # the memory of the last block is free for the next one
        data = self.fs.part(self.path, self.begin, _READ_BLOCK) or b""
        self.length = len(data)
        self.block = io.BytesIO(data)
        return data

    def readinto(self, target):
        done = self.block.readinto(target)
        if done == len(target) and isinstance(target, bytearray):
            return done  # as most often where C code reads byte by byte
        # The item size of arrays is seen from the addresses of items.
        first = uctypes.addressof(target)
        size = len(target)
        if size > 1:
            size *= uctypes.addressof(memoryview(target)[1:]) - first
        elif size:
            size = len(bytes(target))
        while done < size and self.next_block():
            done += self.block.readinto(uctypes.bytearray_at(first + done, size - done))
        return done

    def take(self, size):
        size = min(size, max(self.size - self.tell(), 0))
        if not size:
            return b""
        data = room(0, size)
        done = self.readinto(uctypes.bytearray_at(uctypes.addressof(data), size))
        return data if done == size else data[:done]

    def read(self, size=-1):
        if size is None or size < 0:
            size = self.size
        data = self.take(size)
        if not self.text:
            return data
        text = ""
        while data:
            # The size of a text is in characters, of up to four bytes, the last of which may be cut.
            while (byte := self.take(1)) and byte[0] & 0xC0 == 0x80:
                data += byte
            if byte:
                self.seek(-1, 1)
            text += str(data, "utf8")
            data = self.take(size - len(text))
        return text

    def readline(self):
        line = self.block.readline()
        while not line.endswith(b"\n") and self.next_block():
            line += self.block.readline()
        return str(line, "utf8") if self.text else line

    def readlines(self):
        return list(self)

    def seek(self, offset, whence=0):
        here = self.begin + self.block.seek(0, 1)
        place = (0, here, self.size)[whence] + offset
        if place < 0:
            raise OSError(errno.EINVAL)
        if self.begin <= place <= self.begin + self.length:
            self.block.seek(place - self.begin)
        else:
            self.go(place)
        return place

    def write(self, data):
        raise OSError(errno.EBADF)

    def close(self):
        self.fs = None
        self.go(0)

    def ioctl(self, request, argument):
        return _PARSE_BLOCK if request == _GET_BUFFER_SIZE else super().ioctl(request, argument)
