# The module unittest for firmware that has none: what CPython's documentation of unittest calls the basic interface.
#
# It comes last on the import path: a unittest that is frozen into the firmware, in its flash or beside the script is
# found before. Tests are run, and subTest is given to them, by _mpyh_tests.py.


class SkipTest(Exception):
    pass


class _Raises:
    def __init__(self, expected, message):
        self.expected = expected
        self.message = message

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if kind is None:
            raise AssertionError(self.message or "%r not raised" % (self.expected,))
        self.exception = error
        return issubclass(kind, self.expected)


def _check(is_true, message, words, *values):
    if not is_true:
        raise AssertionError(words % values if message is None else message)


class TestCase:
    def __init__(self, methodName="runTest"):
        pass

    def setUp(self):
        pass

    def tearDown(self):
        pass

    def addCleanup(self, function, *args, **kwargs):
        if not hasattr(self, "_cleanups"):
            self._cleanups = []
        self._cleanups.append((function, args, kwargs))

    def doCleanups(self):
        left = getattr(self, "_cleanups", [])
        while left:
            function, args, kwargs = left.pop()
            function(*args, **kwargs)

    def skipTest(self, reason):
        raise SkipTest(reason)

    def fail(self, msg=None):
        raise AssertionError("fail() was called" if msg is None else msg)

    def assertEqual(self, first, second, msg=None):
        _check(first == second, msg, "%r != %r", first, second)

    def assertNotEqual(self, first, second, msg=None):
        _check(first != second, msg, "%r == %r", first, second)

    def assertTrue(self, expr, msg=None):
        _check(expr, msg, "%r is not true", expr)

    def assertFalse(self, expr, msg=None):
        _check(not expr, msg, "%r is not false", expr)

    def assertIs(self, first, second, msg=None):
        _check(first is second, msg, "%r is not %r", first, second)

    def assertIsNot(self, first, second, msg=None):
        _check(first is not second, msg, "%r is %r", first, second)

    def assertIsNone(self, expr, msg=None):
        _check(expr is None, msg, "%r is not None", expr)

    def assertIsNotNone(self, expr, msg=None):
        _check(expr is not None, msg, "it is None")

    def assertIn(self, member, container, msg=None):
        _check(member in container, msg, "%r not found in %r", member, container)

    def assertNotIn(self, member, container, msg=None):
        _check(member not in container, msg, "%r found in %r", member, container)

    def assertIsInstance(self, obj, cls, msg=None):
        _check(isinstance(obj, cls), msg, "%r is not an instance of %r", obj, cls)

    def assertNotIsInstance(self, obj, cls, msg=None):
        _check(not isinstance(obj, cls), msg, "%r is an instance of %r", obj, cls)

    def assertGreater(self, first, second, msg=None):
        _check(first > second, msg, "%r not greater than %r", first, second)

    def assertGreaterEqual(self, first, second, msg=None):
        _check(first >= second, msg, "%r not greater than or equal to %r", first, second)

    def assertLess(self, first, second, msg=None):
        _check(first < second, msg, "%r not less than %r", first, second)

    def assertLessEqual(self, first, second, msg=None):
        _check(first <= second, msg, "%r not less than or equal to %r", first, second)

    def assertAlmostEqual(self, first, second, places=None, msg=None, delta=None):
        _check(_is_near(first, second, places, delta), msg, "%r != %r within the tolerance", first, second)

    def assertNotAlmostEqual(self, first, second, places=None, msg=None, delta=None):
        _check(not _is_near(first, second, places, delta), msg, "%r == %r within the tolerance", first, second)

    def assertSequenceEqual(self, first, second, msg=None):
        self.assertEqual(list(first), list(second), msg)

    def assertCountEqual(self, first, second, msg=None):
        left = list(second)
        for item in first:
            _check(item in left, msg, "%r and %r have not the same elements", first, second)
            left.remove(item)
        _check(not left, msg, "%r and %r have not the same elements", first, second)

    assertListEqual = assertTupleEqual = assertDictEqual = assertSetEqual = assertMultiLineEqual = assertEqual

    def assertRegex(self, text, expected_regex, msg=None):
        import re

        _check(re.search(expected_regex, text), msg, "%r not found in %r", expected_regex, text)

    def assertRaises(self, exception, callable=None, *args, msg=None, **kwargs):
        context = _Raises(exception, msg)
        if callable is None:
            return context
        with context:
            callable(*args, **kwargs)


def _is_near(first, second, places, delta):
    if first == second:
        return True
    if delta is not None:
        if places is not None:
            raise TypeError("specify delta or places not both")
        return abs(first - second) <= delta
    return round(abs(first - second), 7 if places is None else places) == 0


def skip(reason):
    def decorate(thing):
        def skipped(*args, **kwargs):
            raise SkipTest(reason)

        return skipped

    return decorate


def skipIf(condition, reason):
    return skip(reason) if condition else lambda thing: thing


def skipUnless(condition, reason):
    return skipIf(not condition, reason)


def expectedFailure(test):
    def run(*args, **kwargs):
        try:
            test(*args, **kwargs)
        except SkipTest:
            raise
        except Exception:
            return
        raise AssertionError("unexpected success")

    return run


def main(*args, **kwargs):
    # The harness puts its own in this place before it runs a script.
    raise RuntimeError("unittest.main() works in scripts that the harness runs")
