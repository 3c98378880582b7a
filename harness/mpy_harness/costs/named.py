"""Things that a user names on the command line: a model or samples in a file, or an object of a Python module."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np

from mpy_harness.errors import ModelInvalid, ToolMissing

_HOW = "Name a file that joblib or pickle wrote, or an object of a module: module:object."


def load_named(name: str) -> Any:
    """Return the model in a file of joblib's, or what ``module:object`` is; a function is called for it.

    Both run code: a file of this kind may hold any, so it is for files of one's own. Nothing is loaded but what is
    named. Raises ModelInvalid, and ToolMissing for a package that is not installed.
    """
    if _is_object(name):
        return _object(name)
    file = Path(name)
    if not file.is_file():
        raise ModelInvalid(f"there is no file {name!r}. {_HOW}")
    try:
        import joblib  # noqa: PLC0415 - comes with scikit-learn, and nothing else needs it
    except ImportError as error:
        raise ToolMissing(f"{name} cannot be read: {error}. Install scikit-learn: pip install scikit-learn") from None
    try:
        return joblib.load(file)
    except ImportError as error:
        raise ToolMissing(f"{name} needs a package that is not installed: {error}. Install it.") from None
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        raise ModelInvalid(f"{name} holds no model that can be loaded: {why}. {_HOW}") from error


def load_arrays(name: str) -> tuple[Any, ...]:
    """Return the samples, or (samples, classes), in a ``.npy`` file or in what ``module:object`` is.

    Raises ModelInvalid, ToolMissing.
    """
    if _is_object(name):
        found = _object(name)
        return found if isinstance(found, tuple) else (found,)
    try:
        return (np.load(name, allow_pickle=False),)
    except (OSError, ValueError, EOFError) as error:
        raise ModelInvalid(f"{name} holds no samples: {error}. Name a .npy file, or module:object.") from None


def _is_object(name: str) -> bool:
    module, colon, _ = name.partition(":")
    return bool(colon) and all(part.isidentifier() for part in module.split(".")) and not Path(name).exists()


def _object(name: str) -> Any:
    module, _, path = name.partition(":")
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)
    try:
        found: Any = importlib.import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
        return found() if callable(found) and not hasattr(found, "get_params") else found
    except ImportError as error:
        if error.name in {module, module.partition(".")[0]}:
            raise ModelInvalid(f"{name} is not there: {error}, neither in this folder nor installed.") from None
        raise ToolMissing(f"{name} needs what cannot be imported: {error}. Install it.") from None
    except AttributeError as error:
        raise ModelInvalid(f"{name} is not there: {error}.") from None
    except Exception as error:
        raise ModelInvalid(f"{name} failed: {type(error).__name__}: {error}.") from error
