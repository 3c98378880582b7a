"""Which tests a script has, as its source tells: functions, and methods of TestCases."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ScriptTest:
    """One test of a script: a function, or the method ``function`` of the TestCase class ``case``; and its line."""

    function: str
    line: int
    case: str | None = None
    is_coroutine: bool = False

    @property
    def name(self) -> str:
        """Return the name in the script."""
        return f"{self.case}.{self.function}" if self.case else self.function


@dataclass
class ScriptTests:
    """The tests of a script, and functions that only look like some: those that want arguments."""

    tests: list[ScriptTest] = field(default_factory=list)
    not_tests: list[str] = field(default_factory=list)


def collect_tests(tree: ast.Module, *, uses_unittest: bool) -> ScriptTests:
    """Return the tests that a script has at its top level, in their order.

    What a script makes when it runs (classes below an ``if``, methods by ``setattr``) is not seen here.
    """
    found = ScriptTests()
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    cases = _Cases(classes, _imported(tree) if uses_unittest else frozenset())
    deleted = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Delete)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            if wanted := _wanted(node):
                found.not_tests.append(f"{node.name}({wanted})")
            else:
                found.tests.append(_test(node))
        elif isinstance(node, ast.ClassDef) and classes[node.name] is node and node.name not in deleted:
            found.tests += [_test(method, node.name) for method in cases.methods(node)]
    return found


def _test(node: ast.FunctionDef | ast.AsyncFunctionDef, case: str | None = None) -> ScriptTest:
    return ScriptTest(node.name, node.lineno, case, isinstance(node, ast.AsyncFunctionDef))


def _wanted(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """Return the names of the arguments without which a function cannot be called; a decorator may give them."""
    if node.decorator_list:
        return ""
    arguments = [*node.args.posonlyargs, *node.args.args]
    names = [each.arg for each in arguments[: len(arguments) - len(node.args.defaults)]]
    pairs = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
    return ", ".join(names + [each.arg for each, default in pairs if default is None])


def _imported(tree: ast.Module) -> frozenset[str]:
    return frozenset(
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    )


class _Cases:
    """The TestCase classes among a script's classes; a base that is ``imported`` may be one."""

    def __init__(self, classes: dict[str, ast.ClassDef], imported: frozenset[str]) -> None:
        self._classes = classes
        self._imported = imported

    def methods(self, node: ast.ClassDef) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Return the test methods of a TestCase, with inherited ones; none of any other class."""
        line = [node, *self._bases(node, {node.name})]
        if not any(self._is_case(base) for each in line for base in each.bases):
            return []
        methods = {method.name: method for each in reversed(line) for method in _methods(each)}
        return sorted(methods.values(), key=lambda method: method.lineno)

    def _is_case(self, base: ast.expr) -> bool:
        name = base.attr if isinstance(base, ast.Attribute) else base.id if isinstance(base, ast.Name) else ""
        root = base
        while isinstance(root, ast.Attribute):
            root = root.value
        is_imported = isinstance(root, ast.Name) and root.id in self._imported
        return is_imported or (name.endswith("TestCase") and name not in self._classes)

    def _bases(self, node: ast.ClassDef, seen: set[str]) -> Iterator[ast.ClassDef]:
        for base in node.bases:
            if isinstance(base, ast.Name) and base.id in self._classes and base.id not in seen:
                seen.add(base.id)
                yield self._classes[base.id]
                yield from self._bases(self._classes[base.id], seen)


def _methods(node: ast.ClassDef) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for each in node.body:
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and (
            each.name.startswith("test") or each.name == "runTest"
        ):
            yield each
