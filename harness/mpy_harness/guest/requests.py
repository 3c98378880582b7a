# Requests of the host: each is read from the link, run, and its result is put there.
#
# Runs on MicroPython, as a part of one program: see common.py.
# The class Runtime begins in values.py. firmware/guest_program.py leaves out the line here that names it, with all
# before it.


class Runtime:
    def received(self):
        self.base, size = self.link.request()
        self.buffer = uctypes.bytearray_at(self.base, size)
        self.at = 0
        return self.decode()

    def __call__(self):
        mode, released, what, *arguments = self.received()
        counting = mode & (_COUNTED | _COUNTED_BY_NAME)
        # Let go of the request now: the next one would lack the memory that it takes.
        self.base = self.buffer = self.link.rooms = None
        # Where the host asks for names of function objects afterwards, those must not be collected before.
        self.collects[0] = counting != _COUNTED_BY_NAME
        for number in released or ():
            self.objects.pop(number, None)
        try:
            try:
                if what not in _PLANS:
                    result = getattr(self, "do_" + what)(*arguments)
                else:
                    function, args, kwargs = getattr(self, "plan_" + what)(*arguments)
                    if mode & _WATCHED:
                        result = self.watch.watched(function, args, kwargs, counting)
                    else:
                        result = counted(function, args, kwargs) if counting else function(*args, **kwargs)
                    if what == "script":
                        result = 0
            except SystemExit as error:
                result = error.args[0] if error.args else 0
                if what != "script":
                    raise Exited(result)
            finally:
                mark_start(b"", _END_OF_ALL)  # ends regions that a program left open
            self.link.begin(result)
            self.encode(result)
            self.link.end()
            if counting == _COUNTED or what in ("calibrate", "names"):
                # So that the next count is the same whether or not the host asks for something in between.
                result = arguments = function = args = kwargs = None
                gc.collect()
        except BaseException as error:  # noqa: BLE001 - it is told
            # Told between signs: the raw REPL's own can be among what the program has printed.
            self.write(self.end_sign)
            sys.print_exception(error)
        self.write(self.end_sign)

    # A plan returns what to call for the user's program, and with what arguments. Only this call is counted, not the
    # steps that lead to it.

    def plan_exec(self, source, name):
        return exec, (compile(source, name, "exec"), self.main), {}

    def plan_eval(self, expression):
        return eval, (compile(expression, "<eval>", "eval"), self.main), {}

    def plan_call(self, target, attribute, args, kwargs):
        target = self.evaluated(target)
        if attribute is not None:
            target = getattr(target, attribute)
        return target, args, kwargs or {}

    def plan_script(self, path, name, function, arguments, first):
        # Runs a whole script (function None) or one of its functions. `first`: folders to import from before its own.
        sys.argv[:] = [path] + arguments
        sys.path[:0] = first + [path[: path.rfind("/")] or "/"]
        if function is not None:
            return getattr(__import__(name), function), (), {}
        with open(path) as file:
            source = file.read()
        self.main["__file__"] = path
        return exec, (compile(source, path, "exec"), self.main), {}

    def do_calibrate(self, collects):
        if collects:
            # The address of the firmware's variable that makes it collect garbage before each request.
            self.collects = uctypes.bytearray_at(collects, 1)
            self.collects[0] = 1
        calibrate()

    def do_watch(self, address):
        self.watch = Watch(address)

    def do_look(self):
        # The firmware counts what is in use when the memory of this request has been freed.
        self.watch.state[0] = _WATCH_LOOK

    def do_figures(self):
        return self.watch.figures()

    # `memory` is the address of the firmware's figures of its heap, or 0.

    def do_heap(self, memory):
        return heap_in_use(memory)

    def do_heap_of(self, memory, create, args, count):
        return heap_of(memory, self.evaluated(create), args, count)

    def do_leak_of(self, memory, create, args, others, rounds):
        others = [None if f is None else self.evaluated(f) for f in others]
        return leak_of(memory, self.evaluated(create), args, others, rounds)

    def evaluated(self, target):
        # Most often it is a name, and compiling that takes longer than all the rest of a request.
        if not isinstance(target, str):
            return target
        if target in self.main:
            return self.main[target]
        # hasattr() keeps a text for good, as a name, and refuses a long one: an expression must not come there.
        return getattr(builtins, target) if target.isalpha() and hasattr(builtins, target) else eval(target, self.main)

    def do_names(self, objects, types, heap):
        return [name_of(address, types) if is_alive(address, heap) else "" for address in objects]

    def do_abi(self):
        return sys.implementation._mpy

    def do_attribute(self, thing, name):
        # Whether it is called by its name, and what it is where it is not.
        value = getattr(thing, name)
        return (True, None) if callable(value) else (False, value)

    def do_repr(self, value):
        return repr(value)

    def do_hold(self, value):
        return Held(value)

    def do_get(self, value):
        return value

    def do_import(self, memory, name, folder):
        sys.modules.pop(name, None)
        before = heap_in_use(memory)
        if folder:
            sys.path.insert(0, folder)
        try:
            module = __import__(name)
        finally:
            if folder:
                sys.path.remove(folder)
        return module, getattr(module, "__file__", None), heap_in_use(memory) - before

    # --- files ------------------------------------------------------------------------------

    def do_write(self, path, data):
        at = ""
        for part in path.strip("/").split("/")[:-1]:
            at += "/" + part
            try:
                os.mkdir(at)
            except OSError as error:
                if error.errno != _EEXIST:
                    raise
        with open(path, "wb") as file:
            file.write(data)

    def do_read(self, path):
        with open(path, "rb") as file:
            size = file.seek(0, 2)
            file.seek(0)
            if not size:
                return b""
            data = room(0, size)  # file.read() would need more than twice the memory
            file.readinto(uctypes.bytearray_at(uctypes.addressof(data), size))
        return data

    def do_list(self, path):
        return [(e[0], bool(e[1] & _FOLDER)) for e in os.ilistdir(path)]


def start(link, imports, number):
    # In builtins: it takes no name of the user's program, and a request is a few bytes of source text.
    builtins.ʬ = runtime = Runtime(link)
    runtime.write = sys.stdout.write
    # Not as bytes, which hold a hash: the collector would look at some hashes for longer (board/signs.py).
    runtime.end_sign = bytearray(_END + number)
    link.ask_sign = bytearray(_ASK + number + link.asks_by)
    sys.modules["harness_mark"] = _Module
    # `imports` lists folders of the host to import from. It is None where the host offers no files.
    mount_files(None if imports is None else link.ask)
    sys.path[:0] = imports or ()
    del sys.modules[__name__]  # its name is free for programs of the user


def go():
    # Where the program is a part of the firmware, which knows the window: what it starts with is there. The name is
    # short because the host sends it after every reset.
    link = Link(_WINDOW, _WINDOW_SIZE)
    imports, number = Runtime(link).received()
    start(link, imports, number)
