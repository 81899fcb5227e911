"""What is in examples/continuous_integration/ does what continuous integration would do with it."""

import json
import os
import re
import shlex
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import yaml
from pre_commit.clientlib import load_config, load_manifest

from malonewatch.testing.bugzilla import BugzillaSimulator

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "examples" / "continuous_integration"
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}", re.DOTALL)


def read(path):
    return yaml.safe_load(path.read_text())


ACTION = read(FOLDER / "action.yml")
STEPS = ACTION["runs"]["steps"]
WORKFLOW = read(FOLDER / "workflow.yml")
TEMPLATE = read(FOLDER / "malonewatch.gitlab-ci.yml")
(HOOK,) = load_manifest(ROOT / ".pre-commit-hooks.yaml")


# A source tree, and a machine that runs what is to be run.


@pytest.fixture(scope="module")
def bugzilla():
    with BugzillaSimulator() as simulator:
        simulator.add("1", title="It grinds", status="RESOLVED", resolution="FIXED")
        simulator.add("2", status="CONFIRMED")
        yield simulator


@pytest.fixture
def tree(tmp_path, bugzilla):
    """A git repository with links to a bug that is fixed and to one that is not."""
    folder = tmp_path / "mill"
    folder.mkdir()
    (folder / "mill.py").write_text(f"# until {bugzilla.url}/show_bug.cgi?id=1 is fixed\n")
    (folder / "still open.py").write_text(f"# {bugzilla.url}/show_bug.cgi?id=2\n")
    (folder / "picture").write_bytes(b"\0" + f"{bugzilla.url}/show_bug.cgi?id=1".encode())
    for command in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


@pytest.fixture
def machine(tmp_path, tree):
    """Runs a script in the tree, with a Python that installs nothing; its process.

    What would have been installed is written to the file `installed`.
    """
    programs = tmp_path / "programs"
    programs.mkdir()
    run = f'exec {shlex.quote(sys.executable)} -m malonewatch "$@"'
    python = f"""\
        #!/bin/bash
        if [ "$2" = venv ]; then
            mkdir -p "$3/bin"
            cp {shlex.quote(str(programs))}/* "$3/bin"
        else
            printf '%s\\n' "$@" >> {shlex.quote(str(tmp_path / "installed"))}
        fi
        """
    for name, text in {"malonewatch": f"#!/bin/bash\n{run}\n", "python": python}.items():
        (programs / name).write_text(textwrap.dedent(text))
        (programs / name).chmod(0o755)
    path = os.pathsep.join([str(programs), os.environ["PATH"]])

    def run(*command, **variables):
        return subprocess.run(
            command,
            env={**os.environ, "PATH": path, **variables},
            cwd=tree,
            capture_output=True,
            text=True,
        )

    return run


# pre-commit


def test_the_configuration_is_one_and_names_the_hook():
    configuration = load_config(FOLDER / ".pre-commit-config.yaml")
    (repository,) = configuration["repos"]
    assert repository["repo"].endswith("/malonewatch/malonewatch")
    (hook,) = repository["hooks"]
    assert hook["id"] == HOOK["id"]
    # Else 'pre-commit install' would not switch it on.
    assert hook["stages"] == configuration["default_install_hook_types"]


@pytest.mark.parametrize(
    ("files", "code", "shown"),
    [
        (["mill.py", "picture"], 1, "mill.py:1"),
        (["still open.py"], 0, "Passed"),
        (["picture"], 0, "no files to check"),
    ],
)
def test_the_hook_fails_for_files_with_what_can_go(
    machine, tree, tmp_path, bugzilla, files, code, shown
):
    # As the hook is, but for what pre-commit would install, and with a bug tracker of one's own.
    hook = {name: HOOK[name] for name in ("id", "name", "entry", "types", "require_serial")}
    hook |= {"language": "system", "args": [*HOOK["args"], "--accept", bugzilla.url]}
    configuration = {"repos": [{"repo": "local", "hooks": [hook]}]}
    (tree / ".pre-commit-config.yaml").write_text(json.dumps(configuration))
    done = machine(
        *(sys.executable, "-m", "pre_commit", "run", "--files", *files),
        PRE_COMMIT_HOME=str(tmp_path / "pre-commit"),
        XDG_CACHE_HOME=str(tmp_path / "cache"),
        COLUMNS="200",
    )
    assert (done.returncode, done.stderr) == (code, ""), done.stdout
    assert shown in done.stdout
    assert ("- exit code: 6" in done.stdout) == bool(code)


# GitHub


def expressions(value):
    """The expressions in a value of YAML, wherever in it they are."""
    if isinstance(value, dict):
        return [found for each in value.values() for found in expressions(each)]
    if isinstance(value, list):
        return [found for each in value for found in expressions(each)]
    return EXPRESSION.findall(value) if isinstance(value, str) else []


def names(scope, value):
    """The names in a scope, such as ``inputs``, that expressions in a value use."""
    return {
        name for text in expressions(value) for name in re.findall(rf"\b{scope}\.([\w.-]+)", text)
    }


def test_each_input_is_described_and_used_and_no_other():
    assert names("inputs", ACTION["runs"]) == set(ACTION["inputs"])
    assert all(each["description"] and "default" in each for each in ACTION["inputs"].values())


def test_each_step_says_how_it_is_run():
    for step in STEPS:
        assert step["name"]
        assert ("run" in step and step["shell"] == "bash") != bool(
            re.fullmatch(r"[\w-]+/[\w/-]+@v\d+", step.get("uses", ""))
        )


def test_what_outputs_and_steps_use_of_others_is_there():
    scripts = {step["id"]: step.get("run") for step in STEPS if "id" in step}
    for used in names("steps", ACTION):
        step, _, output = used.partition(".")
        assert step in scripts
        if scripts[step] is not None and output.startswith("outputs."):
            assert f'echo "{output.removeprefix("outputs.")}=$' in scripts[step]
    assert set(ACTION["outputs"]) == {"exit-code", "report"}


def test_the_variables_of_a_script_are_those_that_it_uses():
    for step in STEPS:
        given = set(step.get("env", ())) - {"XDG_CACHE_HOME"}
        assert all(re.search(rf"\b{name}\b", step["run"]) for name in given)
        # What comes from elsewhere is no part of a script.
        assert expressions(step.get("run")) == []


def test_the_same_folder_is_restored_used_and_kept():
    (scan,) = (step for step in STEPS if step.get("id") == "scan")
    caches = [step["with"] for step in STEPS if "/cache/" in step.get("uses", "")]
    assert len(caches) == 2
    assert {each["path"] for each in caches} == {scan["env"]["XDG_CACHE_HOME"]}
    assert len({each["key"] for each in caches}) == 1
    assert caches[0]["key"].startswith(caches[0]["restore-keys"])


def test_the_workflow_uses_the_action_as_it_is():
    ours = []
    for job in WORKFLOW["jobs"].values():
        for step in job["steps"]:
            if step["uses"].startswith("malonewatch/"):
                ours.append(step)
                given = step["with"]
                may_upload = job.get("permissions", {}).get("security-events") == "write"
                assert may_upload == given.get("upload", False)
                assert given.keys() <= ACTION["inputs"].keys()
                assert given.get("format") == "sarif" or "upload" not in given
    place = re.escape(str(FOLDER.relative_to(ROOT)))
    assert all(re.fullmatch(rf"malonewatch/\S+/{place}@v[\d.]+", step["uses"]) for step in ours)
    assert len(ours) == 2


@pytest.fixture
def job(machine, tmp_path):
    """Runs the scripts of the action with some inputs; the last process, and its outputs."""
    outputs = tmp_path / "outputs"

    def job(**inputs):
        inputs = {name.replace("_", "-"): value for name, value in inputs.items()}
        context = {f"inputs.{name}": each["default"] for name, each in ACTION["inputs"].items()}
        context |= {f"inputs.{name}": value for name, value in inputs.items()}
        context |= {
            "runner.temp": str(tmp_path),
            "steps.python.outputs.python-path": "python",
        }
        outputs.write_text("")
        for step in STEPS:
            if "run" not in step:
                continue
            variables = {
                name: EXPRESSION.sub(lambda found: context[found[1]], value)
                for name, value in step["env"].items()
            }
            done = machine(
                *("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]),
                RUNNER_TEMP=str(tmp_path),
                GITHUB_OUTPUT=str(outputs),
                GITHUB_ACTION_PATH=str(FOLDER),
                **variables,
            )
            if done.returncode:
                break
        return done, dict(line.split("=", 1) for line in outputs.read_text().splitlines())

    return job


def test_the_action_annotates_what_can_go_and_fails_where_it_should(job, bugzilla, tmp_path):
    done, outputs = job(fail_on="gone,fixed", options=f"--accept {bugzilla.url}", github_token="t")
    assert done.stdout.startswith("::warning file=mill.py,line=1,col=9,title=The bug is fixed::")
    assert done.stdout.count("\n") == 1
    assert (done.returncode, outputs) == (6, {"exit-code": "6"})
    credentials = (tmp_path / "malonewatch-credentials.ini").read_text()
    assert credentials == "[github.com]\ntoken = env:GITHUB_TOKEN\n"
    installed = (tmp_path / "installed").read_text().splitlines()[-1]
    assert installed == f"{FOLDER}/../.."
    assert (Path(installed) / "pyproject.toml").is_file()


def test_the_action_writes_a_report_and_asks_again_only_for_what_is_due(job, tree, bugzilla):
    given = {"format": "sarif", "report": "its report.sarif", "github_token": ""}
    given |= {"paths": "mill.py\npicture", "options": f"--accept {bugzilla.url}"}
    before = len(bugzilla.requests)
    first = job(**given, requirement="malonewatch==1")
    asked = len(bugzilla.requests)
    again = job(**given)
    assert before < asked == len(bugzilla.requests)
    for done, outputs in (first, again):
        assert (done.returncode, done.stderr) == (0, "")
        assert outputs == {"exit-code": "0", "report": "its report.sarif"}
    (run,) = json.loads((tree / "its report.sarif").read_text())["runs"]
    assert [result["ruleId"] for result in run["results"]] == ["bug-fixed"]
    assert not (tree.parent / "malonewatch-credentials.ini").exists()
    installed = (tree.parent / "installed").read_text().splitlines()
    assert "malonewatch==1" in installed


def test_the_action_has_no_report_of_a_run_that_went_wrong(job):
    done, outputs = job(format="sarif", fail_on="nonsense", github_token="")
    assert done.returncode == 2
    assert outputs == {"exit-code": "2"}


# GitLab


def test_the_job_of_the_template_keeps_what_it_has_learnt_and_reports():
    (job,) = TEMPLATE.values()
    assert job["cache"]["paths"][0] == ".cache/malonewatch"
    assert job["variables"]["XDG_CACHE_HOME"] == "$CI_PROJECT_DIR/.cache"
    assert job["allow_failure"] == {"exit_codes": 6}
    assert f"--output {job['artifacts']['reports']['codequality']} " in job["script"][-1]
    assert job["artifacts"]["when"] == job["cache"]["when"] == "always"
    used = set(re.findall(r"\$(SCAN_\w+)", "\n".join(job["script"])))
    assert used == {name for name in job["variables"] if name.startswith("SCAN_")}


def test_the_script_of_the_template_writes_what_gitlab_shows(machine, tree, bugzilla, tmp_path):
    (job,) = TEMPLATE.values()
    variables = job["variables"] | {"SCAN_OPTIONS": f"--accept {bugzilla.url}"}
    variables["XDG_CACHE_HOME"] = variables["XDG_CACHE_HOME"].replace("$CI_PROJECT_DIR", str(tree))
    script = "\n".join(["set -eo pipefail", *job["script"]])
    done = machine("bash", "-c", script, **variables)
    assert (done.returncode, done.stderr) == (6, "")
    report = json.loads((tree / job["artifacts"]["reports"]["codequality"]).read_text())
    (finding,) = report
    assert finding["check_name"] == "bug-fixed"
    assert finding["location"] == {"path": "mill.py", "lines": {"begin": 1}}
    assert (tree / ".cache" / "malonewatch").is_dir()
    assert (tmp_path / "installed").read_text().splitlines()[-1] == "malonewatch"


# What the README shows


def test_the_readme_shows_what_there_is():
    text = (FOLDER / "README.rst").read_text()
    shown = [textwrap.dedent(block) for block in re.findall(r"::\n\n((?:    .*\n|\n)+)", text)]
    hooks, steps, include, command = shown
    assert yaml.safe_load(hooks)["repos"][0]["hooks"] == [{"id": HOOK["id"]}]
    assert yaml.safe_load(steps)[1]["with"].keys() <= ACTION["inputs"].keys()
    (job,) = TEMPLATE.values()
    again = yaml.safe_load(include)
    assert again["malonewatch"]["variables"].keys() <= job["variables"].keys()
    assert (FOLDER / again["include"][0]["local"].removeprefix("/")).is_file()
    assert command.startswith("malonewatch scan --check ")
    files = set(re.findall(r"``([\w.-]+\.ya?ml)``", text))
    assert files == {path.name for path in FOLDER.iterdir()} - {"README.rst"}
