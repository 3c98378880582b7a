"""Where pytest's configuration and root folder are: not where the values of our options lie.

pytest looks for both before it loads plugins. ``--device-path DIR`` is no option to it then: DIR stands alone, as a
folder of tests does, and another project's ``pyproject.toml`` is taken for this run's. Where that may have happened,
pytest starts again, with this plugin known from the begin.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from mpy_harness.plugin.options import BASELINE, OPTIONS

_AGAIN = pytest.StashKey[str]()
#: How many words each of our options takes.
_WORDS = {**{option.flag: 0 if option.kind == "bool" else 1 for option in OPTIONS}, BASELINE: 2}


def prepare(config: pytest.Config, args: list[str], plugin: object) -> None:
    """Look whether pytest was misled; it goes on without arguments then, until ``start_again`` is called.

    ``plugin`` is ours, as pytest has it. Called before any ``conftest.py`` is loaded.
    """
    name = config.pluginmanager.get_name(plugin)
    started_again = name in (config.invocation_params.plugins or ())
    if name is None or started_again or "PYTEST_XDIST_WORKER" in os.environ or not _is_misled(config):
        return  # a worker that started again would start workers, and these others
    config.stash[_AGAIN] = name
    args.clear()
    config.known_args_namespace.noconftest = True


def start_again(config: pytest.Config) -> int | None:
    """Run pytest with our plugin known from the begin and return its status; None where it was not misled."""
    name = config.stash.get(_AGAIN, None)
    if name is None:
        return None
    given = config.invocation_params
    # xdist's workers know the plugin as late as pytest did, and get these words: none of them stands alone there.
    return pytest.main(list(_joined(given.args)), plugins=[*(given.plugins or ()), name])


def _joined(words: Iterable[str]) -> Iterator[str]:
    """Return words with the value of each of our options that takes one behind its ``=``."""
    rest = iter(words)
    for word in rest:
        value = next(rest, None) if _WORDS.get(word) == 1 else None
        yield word if value is None else f"{word}={value}"


def _is_misled(config: pytest.Config) -> bool:
    here = config.invocation_params.dir
    words = [*shlex.split(os.environ.get("PYTEST_ADDOPTS", "")), *config.invocation_params.args]
    own = list(_folders(here, config.known_args_namespace.file_or_dir))
    ours = list(_folders(here, _values(words)))
    if not ours:
        return False
    right, taken = Path(os.path.commonpath(own or [here])), Path(os.path.commonpath([*own, *ours]))
    file = config.inipath
    # The search goes upwards: it found the same where it came past where it should have begun.
    return not (file is not None and taken.is_relative_to(right) and right.is_relative_to(file.parent))


def _values(words: list[str]) -> Iterator[str]:
    """Return the values of our options that stand as words of their own."""
    for number, word in enumerate(words):
        yield from words[number + 1 : number + 1 + _WORDS.get(word, 0)]


def _folders(here: Path, words: Iterable[str]) -> Iterator[Path]:
    """Return the folders that pytest looks from, of what there is."""
    for word in words:
        # Links stay what they are, as in pytest.
        path = Path(os.path.abspath(here / word.partition("::")[0]))  # noqa: PTH100
        try:
            is_there = path.exists()
        except OSError:  # a word that is too long for a name
            is_there = False
        if is_there:
            yield path if path.is_dir() else path.parent
