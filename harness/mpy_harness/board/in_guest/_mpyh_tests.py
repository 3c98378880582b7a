# Runs the tests of a script on MicroPython: one method of a TestCase, one coroutine, or a script that uses unittest.
#
# The host serves this file where a script needs it (board/scripts.py); it is no part of the guest's program. Of the
# module unittest it uses the assertions, SkipTest and decorators only, so that any unittest will do.

import sys


def run():
    path, plan = sys.argv[:2]
    sys.argv[:] = [path] + plan["arguments"]
    sys.path.remove(plan["folder"])
    _keep_builtins(plan["builtins"])
    if plan["fallback"]:
        sys.path.append(plan["fallback"])
    if plan["function"]:
        _run_part(path, plan)
    elif plan["fallback"]:
        _run_script(path, ʬ.main)
    else:
        _execute(path, ʬ.main)


def _keep_builtins(names):
    # Import modules of the firmware before folders of the same names can be found.
    global io
    places = sys.path[:]
    sys.path[:] = [".frozen"]
    import io

    for name in names:
        try:
            sys.modules[name] = __import__(name)
        except ImportError:
            pass  # the firmware has none: the folder is meant
    sys.path[:] = places


def _execute(path, space):
    with open(path) as file:
        source = file.read()
    space["__file__"] = path
    exec(compile(source, path, "exec"), space)


def _finish(result):
    # A coroutine has not run yet when its function returns.
    if hasattr(result, "send"):
        import asyncio

        asyncio.run(result)


def _run_part(path, plan):
    # Runs one test. A script that runs all of them when it is imported gets a result that is empty.
    if plan["fallback"]:
        import unittest

        unittest.main = lambda *args, **kwargs: _Tests({})
    space = {"__name__": plan["module"]}
    wanted = plan["case"] or plan["function"]
    try:
        _execute(path, space)
    except SystemExit as error:
        if wanted not in space:
            raise SystemExit(error.args[0] if error.args and error.args[0] else plan["ended_early"])
    if wanted not in space:
        raise AssertionError("the script has no %s when it runs" % wanted)
    if not plan["case"]:
        _finish(space[wanted]())
        return
    _run_test(space, space[wanted], plan["function"])
    if plan["seen"]:
        # The first test of a script brings those that a reader of its source does not see.
        more = _Tests(space)
        more.ran = list(plan["seen"])
        more.run()
        more.check()


def _run_script(path, space):
    import unittest

    tests = _Tests(space)
    unittest.main = tests.main
    ended = None
    try:
        _execute(path, space)
    except SystemExit as error:
        ended = error
    tests.run()
    if tests.testsRun:
        print("Ran %d tests" % tests.testsRun)
    elif ended is None:
        raise AssertionError("the script uses unittest, but no test of it ran: it has no TestCase with test methods")
    tests.check()
    if ended is not None:
        raise ended


class _Tests:
    # All tests of a script, and the result of running them, with the names that results of unittest have.
    def __init__(self, space):
        self.space = space
        self.ran = []
        self.failed = []
        self.testsRun = 0
        self.failures = self.failed
        self.errors = []
        self.skipped = []
        self.result = self

    failuresNum = property(lambda self: len(self.failed))
    errorsNum = 0
    skippedNum = property(lambda self: len(self.skipped))

    def wasSuccessful(self):
        return not self.failed

    def main(self, *args, **kwargs):
        self.run()
        return self

    def run(self):
        import unittest

        for name in sorted(self.space):
            case = self.space[name]
            if isinstance(case, type) and issubclass(case, unittest.TestCase):
                for method in _methods(case):
                    self.run_one(name + "." + method, case, method)

    def run_one(self, name, case, method):
        if name in self.ran:
            return
        self.ran.append(name)
        self.testsRun += 1
        try:
            _run_test(self.space, case, method)
        except Exception as error:
            if type(error).__name__ == "SkipTest":
                print("skipped:", name, *error.args)
                self.skipped.append((name, str(error)))
            else:
                self.failed.append((name, str(error)))
                print("FAIL:", name)
                _show(error)

    def check(self):
        if self.failed:
            names = ", ".join(name for name, _ in self.failed)
            raise AssertionError("%d of %d tests failed: %s" % (len(self.failed), self.testsRun, names))


def _methods(case):
    return [
        name for name in dir(case) if (name.startswith("test") or name == "runTest") and callable(getattr(case, name))
    ]


class _SubTest:
    def __init__(self, failed, message, parameters):
        self.failed = failed
        self.name = " ".join(
            ([] if message is None else [str(message)])
            + ["(" + ", ".join("%s=%r" % item for item in sorted(parameters.items())) + ")"] * bool(parameters)
        )

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if kind is None or not issubclass(kind, Exception):
            return False
        if kind.__name__ == "SkipTest":
            print("skipped:", self.name, *error.args)
        else:
            self.failed.append(self.name or "(without a name)")
            print("FAIL:", self.name)
            _show(error)
        return True


def _show(error):
    text = io.StringIO()
    sys.print_exception(error, text)
    for line in text.getvalue().split("\n"):
        if line and not line.startswith('  File "/_mpyh/'):
            print(line)


def _run_test(space, case, name):
    if not isinstance(case, type):  # a decorator for skipping has put a function in the place of the class
        case(None)
        raise AssertionError("this name is no class any more")
    _around(space.get("setUpModule"), space.get("tearDownModule"), lambda: _run_in_class(case, name))


def _run_in_class(case, name):
    try:
        test = case()
    except TypeError:
        test = case(name)  # as in CPython, whose TestCase takes the method's name
    _around(getattr(test, "setUpClass", None), getattr(test, "tearDownClass", None), lambda: _run_method(test, name))


def _run_method(test, name):
    failed = []
    test.subTest = lambda msg=None, **parameters: _SubTest(failed, msg, parameters)
    clean = getattr(test, "doCleanups", None)

    def method():
        _ended(getattr(test, name))
        if failed:
            raise AssertionError("subtests failed: " + ", ".join(failed))

    # What was set up is cleaned up also where setUp fails, but then there is no tearDown.
    _around(None, clean, lambda: _around(getattr(test, "setUp", None), getattr(test, "tearDown", None), method))


def _ended(method):
    try:
        _finish(method())
    except SystemExit as error:  # must not end the test as if it had passed
        raise AssertionError("the test called sys.exit(%s)" % ", ".join(map(repr, error.args)))


def _around(begin, end, inner):
    if begin is not None:
        _ended(begin)
    try:
        inner()
    except BaseException:
        if end is not None:
            try:
                _ended(end)
            except Exception as second:  # the first one is raised
                _show(second)
        raise
    if end is not None:
        _ended(end)
