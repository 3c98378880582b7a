"""Runs the steps of a composite action as GitHub's runner does, as far as that can be done from here.

The shell of each ``run`` is run by the command of the runner's ``shell: bash``, with the environment files of its own;
what other actions would do is done by functions of the same inputs and outputs. On a bare Debian with python3-venv and
python3-yaml, `python3 tests/ci/runner.py targets=m33 pytest-args=cases compare=none …` is what a job there does.
https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.ci.expressions import evaluate, expand

#: What ``shell: bash`` stands for.
BASH = ["bash", "--noprofile", "--norc", "-eo", "pipefail"]
#: Of the user's environment a job has nothing.
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "PIP_INDEX_URL", "PIP_FIND_LINKS", "PIP_CACHE_DIR", "PIP_CONFIG_FILE",
         "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")  # fmt: skip


@dataclass
class Step:
    """What became of a step: "success", "failure" or "skipped", with what it printed."""

    name: str
    outcome: str
    output: str = ""
    inputs: dict[str, str] = field(default_factory=dict)


@dataclass
class Runner:
    """A job's machine: ``workspace`` is the checkout, ``temp`` a folder of its own, ``home`` what outlives it."""

    workspace: Path
    temp: Path
    home: Path
    environment: Mapping[str, str]
    timeout: float = 900.0
    steps: list[Step] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        return "".join(file.read_text() for file in sorted(self.temp.glob("*-GITHUB_STEP_SUMMARY")))

    def run(self, action: Path, inputs: Mapping[str, str] | None = None, token: str = "") -> str:
        """Run an action with inputs and return "success" or "failure"."""
        self.temp.mkdir(exist_ok=True)
        definition = yaml.safe_load((action / "action.yml").read_text())
        unknown = set(inputs or {}) - set(definition["inputs"])
        assert not unknown, f"the action has no inputs {unknown}"
        context: dict[str, Any] = {"github": {"token": token}, "steps": {}}
        defaults = {name: expand(about.get("default", ""), context) for name, about in definition["inputs"].items()}
        context["inputs"] = defaults | dict(inputs or {})
        failed = False
        for number, step in enumerate(definition["runs"]["steps"]):
            failed = self._step(number, step, action, context, failed) or failed
        wanted = definition.get("outputs", {})
        self.outputs = {name: expand(about["value"], context) for name, about in wanted.items()}
        return "failure" if failed else "success"

    def step(self, name: str) -> Step:
        (found,) = (step for step in self.steps if step.name.startswith(name))
        return found

    def _step(self, number: int, step: dict[str, Any], action: Path, context: dict[str, Any], failed: bool) -> bool:
        name = step.get("name") or step["uses"]
        context |= {"cancelled()": False, "success()": not failed, "failure()": failed, "always()": True}
        condition = str(step.get("if", "success()")).removeprefix("${{").removesuffix("}}")
        if not any(f"{status}(" in condition for status in ("success", "failure", "always", "cancelled")):
            condition = f"success() && ({condition})"
        if not evaluate(condition, context):
            self.steps.append(Step(name, "skipped"))
            return False
        inputs = {key: expand(value, context) for key, value in step.get("with", {}).items()}
        if "uses" in step:
            outputs = ACTIONS[step["uses"].partition("@")[0]](self, inputs)
            done = Step(name, "success", inputs=inputs)
        else:
            done, outputs = self._shell(number, step, action, context)
        self.steps.append(done)
        context["steps"][step.get("id", f"#{number}")] = {"outputs": outputs, "outcome": done.outcome}
        return done.outcome == "failure"

    def _shell(
        self, number: int, step: dict[str, Any], action: Path, context: dict[str, Any]
    ) -> tuple[Step, dict[str, str]]:
        assert step["shell"] == "bash"
        script = self.temp / f"{number:02}.sh"
        script.write_text(step["run"])
        files = {name: self.temp / f"{number:02}-{name}" for name in
                 ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY", "GITHUB_STATE")}  # fmt: skip
        for file in files.values():
            file.write_text("")
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        environment |= {
            **self.environment,
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(action),
            "GITHUB_WORKSPACE": str(self.workspace),
            "RUNNER_TEMP": str(self.temp),
            "RUNNER_OS": "Linux",
            **{name: str(file) for name, file in files.items()},
            **{name: expand(value, context) for name, value in step.get("env", {}).items()},
        }
        folder = self.workspace / expand(step.get("working-directory", "."), context)
        done = subprocess.run(
            [*BASH, str(script)], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=self.timeout, check=False,
        )  # fmt: skip
        assert not files["GITHUB_ENV"].read_text()
        assert not files["GITHUB_PATH"].read_text(), "later steps would need it"
        outputs = dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().splitlines())
        return Step(step["name"], "failure" if done.returncode else "success", done.stdout), outputs


def _setup_python(_: Runner, inputs: dict[str, str]) -> dict[str, str]:
    assert set(inputs) == {"python-version"}
    return {}  # the tests' own Python stands first on the PATH


def _restore(runner: Runner, inputs: dict[str, str]) -> dict[str, str]:
    kept = runner.home / "caches" / inputs["key"]
    if not kept.is_dir():
        return {"cache-hit": ""}
    # The cache is this machine's: an emulator that runs has its plugin mapped, and would die of a file that is written
    # anew in place. A real runner has none of the files.
    shutil.copytree(kept, inputs["path"], copy_function=_copy_new, dirs_exist_ok=True, symlinks=True)
    return {"cache-hit": "true"}


def _copy_new(source: str, to: str) -> None:
    if not Path(to).exists():
        shutil.copy2(source, to)


def _save(runner: Runner, inputs: dict[str, str]) -> dict[str, str]:
    # The cache is this machine's, and other builds may be under way in it: what is not complete is theirs.
    unfinished = shutil.ignore_patterns(".part-*")
    shutil.copytree(inputs["path"], runner.home / "caches" / inputs["key"], symlinks=True, ignore=unfinished)
    return {}


def _upload(runner: Runner, inputs: dict[str, str]) -> dict[str, str]:
    # As it is on GitHub: a folder's files lie at the top of the archive, hidden ones are left out.
    folder = Path(inputs["path"])
    files = [file for file in sorted(folder.rglob("*")) if file.is_file() and not file.name.startswith(".")]
    if not files:
        assert inputs["if-no-files-found"] == "ignore"
        return {}
    (runner.home / "artifacts").mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(runner.home / "artifacts" / f"{inputs['name']}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, file.relative_to(folder))
    return {}


ACTIONS: dict[str, Callable[[Runner, dict[str, str]], dict[str, str]]] = {
    "actions/setup-python": _setup_python,
    "actions/cache/restore": _restore,
    "actions/cache/save": _save,
    "actions/upload-artifact": _upload,
}


def main() -> int:
    """Run the action on this checkout, with inputs given as ``name=value``, and leave its files in a folder."""
    repository = Path(__file__).resolve().parents[2]
    place = Path(tempfile.mkdtemp(prefix="action-"))
    runner = Runner(Path.cwd(), place / "temp", place / "home", {"GITHUB_REPOSITORY": "owner/name"}, timeout=3600)
    result = runner.run(repository, dict(argument.split("=", 1) for argument in sys.argv[1:]))
    for step in runner.steps:
        print(f"--- {step.name}: {step.outcome}\n{step.output}", end="")
    print(f"--- summary\n{runner.summary[:4000]}\n--- {result}, files in {place}")
    return int(result != "success")


if __name__ == "__main__":
    sys.exit(main())
