"""What a project says about comparing in its ``pyproject.toml``, table ``tool.mpy-harness``."""

from __future__ import annotations

import sys
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mpy_harness.errors import ConfigurationInvalid
from mpy_harness.limits import TEXT_BYTES
from mpy_harness.measurements.run import plain
from mpy_harness.measurements.thresholds import Limit, Rules
from mpy_harness.resources import read_file

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE = "pyproject.toml"
_TABLE = "tool.mpy-harness"


class Configuration(BaseModel):
    """The table: ``baselines`` is the folder of committed ones, below that of the file, ``folder``.

    ``thresholds``, ``may-go`` (``may_disappear``) and ``strict`` are those of Rules. ``budgets`` is the file of
    budgets, below that folder too.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    folder: Path = Field(default=Path(), exclude=True)
    baselines: str = "baselines"
    thresholds: dict[str, Limit | dict[str, Limit]] = {}
    may_disappear: list[str] = Field(default=[], alias="may-go")
    strict: bool = False
    budgets: str = "budgets.toml"

    @property
    def budget_file(self) -> Path:
        """Return where the project keeps its budgets; the file need not be there."""
        return self.folder / self.budgets

    def rules(self, *, strict: bool = False, may_disappear: bool = False) -> Rules:
        """Return the rules for comparing; the arguments are what a command line adds."""
        return Rules.of(self.thresholds, ["*"] if may_disappear else self.may_disappear, strict=strict or self.strict)


def read_configuration(folder: Path) -> Configuration:
    """Return what the nearest ``pyproject.toml`` at or above a folder says. Raises ConfigurationInvalid."""
    folder = folder.absolute()
    file = next((each / FILE for each in (folder, *folder.parents) if (each / FILE).is_file()), None)
    if file is None:
        return Configuration(folder=folder)
    try:
        table = tomllib.loads(read_file(file, TEXT_BYTES).decode()).get("tool", {}).get("mpy-harness", {})
        configuration = Configuration.model_validate({**table, "folder": file.parent})
        configuration.rules()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise _invalid(file, f"{where}: {first['msg']}") from None
    except RecursionError:
        raise _invalid(file, "it is nested too deep") from None
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise _invalid(file, str(error)) from None
    return configuration


def _invalid(file: Path, why: str) -> ConfigurationInvalid:
    return ConfigurationInvalid(f"{file}, table {_TABLE}: {plain(why)[:300]}")
