"""Device scripts that use unittest: each test of a TestCase has its own verdict, with any unittest."""

from __future__ import annotations

import re

import pytest

from tests.emulator.projects import mpy_harness, run, write

CASES = """
import unittest

class TestX(unittest.TestCase):
    @classmethod
    def setUpClass(cls): print("set up class")
    def setUp(self): self.value = 1; print("set up")
    def tearDown(self): print("tear down")
    def test_good(self):
        self.assertEqual(self.value, 1)
        with self.assertRaises(ValueError):
            int("x")
    def test_bad(self): self.assertEqual(self.value + 1, 3)
    def test_error(self): unknown
    @unittest.skip("not here")
    def test_skip(self): pass
    def test_skip_inside(self): self.skipTest("nor here")
    @unittest.skipIf(False, "")
    def test_not_skipped(self): pass
    def test_sub(self):
        for i in range(4):
            with self.subTest("turn", i=i):
                self.assertTrue(i % 2)
        print("after the last")
    def test_sub_good(self):
        with self.subTest():
            pass
    @unittest.expectedFailure
    def test_fails(self): self.fail()
    @unittest.expectedFailure
    def test_should_fail(self): pass
    def test_exit(self): raise SystemExit(0)
    def test_cleanup(self):
        self.addCleanup(print, "cleaned")
        self.fail("first")

@unittest.skip("all of it")
class TestSkipped(unittest.TestCase):
    def test_a(self): self.fail()

class TestBroken(unittest.TestCase):
    def setUp(self): raise ValueError("in setUp")
    def test_a(self): pass

class TestBrokenEnd(unittest.TestCase):
    def tearDown(self): raise ValueError("in tearDown")
    def test_a(self): pass

def test_function(): pass

unittest.main()
"""

VERDICTS = {
    "TestX::test_good": "PASSED",
    "TestX::test_bad": "FAILED",
    "TestX::test_error": "FAILED",
    "TestX::test_not_skipped": "PASSED",
    "TestX::test_sub": "FAILED",
    "TestX::test_sub_good": "PASSED",
    "TestX::test_fails": "PASSED",
    "TestX::test_should_fail": "FAILED",
    "TestX::test_exit": "FAILED",
    "TestX::test_cleanup": "FAILED",
    "TestBroken::test_a": "FAILED",
    "TestBrokenEnd::test_a": "FAILED",
    "test_function": "PASSED",
}

# As small as one in a board's flash may be: nothing but what the class statement and the assertions need.
OWN_UNITTEST = """
print("the board's own unittest")
class SkipTest(Exception): pass
class TestCase:
    def assertEqual(self, a, b): assert a == b, "%r vs %r" % (a, b)
def main(module="__main__"): print("Ran 0 tests")
"""


def verdicts(result: pytest.RunResult) -> dict[str, str]:
    lines = re.finditer(r"^(PASSED|FAILED|ERROR) \S+?\.py::(\S+)\[m33\]", result.stdout.str(), re.MULTILINE)
    return {line[2]: line[1] for line in lines}


def test_each_test_has_a_verdict(project):
    write(project, test_it=CASES)
    result = run(project, "-rA", "--device-scripts", ".")
    assert verdicts(result) == VERDICTS
    result.assert_outcomes(passed=5, failed=8, skipped=3)
    out = result.stdout.str()
    for words in (
        "AssertionError: 2 != 3",
        'File "/test_it.py", line 13, in test_bad',
        "FAIL: turn (i=0)",
        "AssertionError: subtests failed: turn (i=0), turn (i=2)",
        "after the last",
        "the test called sys.exit(0)",
        "ValueError: in setUp",
        "ValueError: in tearDown",
        "unexpected success",
        "SKIPPED [1] test_it.py:17: nor here",
        "all of it",
        "cleaned",
        "test_it.py::TestX::test_sub[m33]' --device-scripts ",
    ):
        assert words in out
    assert "_mpyh" not in out
    run(project, "test_it.py::TestX::test_bad[m33]", "--device-scripts", ".").assert_outcomes(failed=1)
    run(project, "test_it.py::TestX", "-k", "good", "--device-scripts", ".").assert_outcomes(passed=2, deselected=10)


def test_the_guests_own_unittest_is_used(project):
    write(
        project,
        test_it="import unittest\nclass TestX(unittest.TestCase):\n"
        "    def test_good(self): self.assertEqual(1, 1)\n    def test_bad(self): self.assertEqual(1, 2)\n"
        "    def test_skip(self): raise unittest.SkipTest('so')\n"
        "    def test_sub(self):\n        with self.subTest(i=1): self.assertEqual(3, 4)\n"
        "if __name__ == '__main__':\n    unittest.main()\n",
        unittest=OWN_UNITTEST,
    )
    result = run(project, "-rA", "--device-scripts", ".")
    result.assert_outcomes(passed=1, failed=2, skipped=1)
    assert "the board's own unittest" in result.stdout.str()
    assert "AssertionError: 1 vs 2" in result.stdout.str()


def test_tests_that_the_source_does_not_show(project):
    write(
        project,
        test_whole="import unittest\nif True:\n    class TestY(unittest.TestCase):\n"
        "        def test_a(self): pass\n        def test_b(self): self.fail('in b')\nunittest.main()\n",
        test_made="import unittest\nclass TestY(unittest.TestCase):\n    def test_a(self): pass\n"
        "    def test_b(self): pass\nTestY.test_c = lambda self: self.fail('in c')\n",
        test_none="import unittest\nunittest.main()\n",
        test_early="import unittest\nraise SystemExit\nclass TestY(unittest.TestCase):\n    def test_a(self): pass\n",
        test_unfit="import unittest\nprint('SKIP')\nraise SystemExit\nclass TestY(unittest.TestCase):\n"
        "    def test_a(self): pass\n",
        test_gone="import unittest\nclass TestY(unittest.TestCase):\n    def test_a(self): pass\nTestZ = TestY\n"
        "TestZ.test_b = TestY.test_a\nexec('del TestY')\n",
    )
    result = run(project, "-rA", "--device-scripts", ".")
    result.assert_outcomes(passed=1, failed=5, skipped=1)
    out = result.stdout.str()
    for words in (
        "AssertionError: 1 of 2 tests failed: TestY.test_b",
        "AssertionError: 1 of 1 tests failed: TestY.test_c",
        "the script uses unittest, but no test of it ran",
        "ScriptFailed: test_early.py ended before it defined this test",
        "the script has no TestY when it runs",
        "PASSED test_made.py::TestY::test_b[m33]",
    ):
        assert words in out


def test_a_script_that_is_run_by_hand(project):
    write(project, it=CASES)
    done = mpy_harness("run", "it.py", cwd=project.path)
    assert done.returncode == 1
    assert "FAIL: TestX.test_bad\n" in done.stdout
    assert "Ran 14 tests\n" in done.stdout
    assert "AssertionError: 8 of 14 tests failed: TestBroken.test_a" in done.stderr


def test_functions_with_arguments_and_coroutines(project):
    write(
        project,
        test_it="def test_a(): pass\ndef test_b(x): raise ValueError\nasync def test_c(): raise ValueError('ran')\n",
        asyncio="def run(coroutine):\n    coroutine.send(None)\n",
    )
    result = run(project, "--device-scripts", ".")
    result.assert_outcomes(passed=1, failed=1, warnings=1)
    assert "test_it.py: test_b(x) is no test, because it wants arguments" in result.stdout.str()
    assert "ValueError: ran" in result.stdout.str()


def test_folders_do_not_hide_modules_of_the_firmware(project):
    write(
        project,
        io__data="",
        random__choice="",
        mine__part="X = 1\n",
        test_it="import io, random\nimport mine.part\nrandom.choice, io.StringIO\n",
        scripts__test_it="import io\ndef test_a(): io.StringIO()\n",
        scripts__io__x="",
    )
    run(project, "--device-scripts", ".").assert_outcomes(passed=2)
