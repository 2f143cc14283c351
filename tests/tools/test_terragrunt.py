"""The terragrunt plugin with the real terragrunt, over terraform and over tofu, and the words of older ones."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from infrastructure import CANARY, SAY, Tree, declaring, ended, state

if TYPE_CHECKING:
    from pathlib import Path

    from toolchain.fixtures import PathOf, Program

pytestmark = pytest.mark.tools

REGISTER = 'ktor.app.register_plugin("terragrunt")\n'

ROOT = """
remote_state {
  backend  = "local"
  generate = { path = "backend.tf", if_exists = "overwrite" }
  config   = { path = "${get_parent_terragrunt_dir()}/state/${path_relative_to_include()}.tfstate" }
}
"""

UNIT = 'include "root" {\n  path = find_in_parent_folders("root.hcl")\n}\n'


@pytest.fixture
def tree(tmp_path: Path, path_of: PathOf) -> Tree:
    """Return a tree with both programs on `PATH`, whose modules and states are not walked."""
    made = Tree(tmp_path, path_of("terragrunt", "terraform"))
    return made.write({".kubernator.py": REGISTER})


def unit(name: str, /, more: str = "", **outputs: Any) -> dict[str, str]:
    """Return the files of a unit below `infra`, with outputs in its state."""
    return {
        f"infra/{name}/terragrunt.hcl": UNIT + more,
        f"infra/{name}/main.tf": declaring(*outputs),
        f"infra/state/{name}.tfstate": state(**outputs),
    }


def stack(*units: dict[str, str]) -> dict[str, str]:
    """Return the files of several units below `infra`, and of what they share."""
    files = {"infra/root.hcl": ROOT}
    for each in units:
        files.update(each)
    return files


@pytest.mark.parametrize("program_name", ["terraform", "tofu"])
def test_outputs_of_all_units_are_seen_below(tree: Tree, path_of: PathOf, program_name: str) -> None:
    """Of the directory they are in and below; whichever program does it."""
    tree.environment["PATH"] = path_of("terragrunt", program_name)
    register = f'ktor.app.register_plugin("terraform", program="{program_name}")\n' + REGISTER
    tree.write({".kubernator.py": register, **stack(unit("net", vpc="v-1"), unit("deep/db", host="h", on=True))})
    tree.write({"infra/z/.kubernator.py": SAY})
    assert tree.ok().said == [{"vpc": "v-1", "host": "h", "on": True}]


def test_of_units_with_the_same_name_the_later_wins(tree: Tree) -> None:
    """By name, but a unit comes after those it depends on; always the same."""
    depends = 'dependency "c" {\n  config_path = "../c"\n}\n'
    tree.write(stack(unit("a", depends, who="a"), unit("b", who="b"), unit("c", who="c")))
    script = (
        "import json\nlogger.info('said %s', json.dumps([ktor.terragrunt.output(), ktor.terragrunt.output('who')]))"
    )
    tree.write({"infra/.kubernator.py": script})
    assert [tree.ok().said for _ in range(3)] == [[[{"who": "a"}, "a"]]] * 3


def test_a_unit_is_left_to_terragrunt(tree: Tree) -> None:
    """Its `*.tf` files alone lack the backend that Terragrunt gives them."""
    root = ROOT.replace("  generate", "  # generate")
    tree.write({**stack(unit("net", vpc="v-1")), "infra/root.hcl": root})
    tree.write({"infra/net/backend.tf": 'terraform {\n  backend "local" {}\n}\n', "infra/z/.kubernator.py": SAY})
    assert tree.ok().said == [{"vpc": "v-1"}]


def test_directories_of_both_kinds_stand_together(tree: Tree) -> None:
    """One that Terraform alone is for is read by it."""
    tree.write({".kubernator.py": REGISTER + "ktor.tf = {}\n", **stack(unit("net", vpc="v-1"))})
    tree.write(
        {"plain/main.tf": declaring("zone"), "plain/terraform.tfstate": state(zone="z"), "z/.kubernator.py": SAY}
    )
    assert tree.ok().said == [{"vpc": "v-1", "zone": "z"}]


def test_a_directory_with_settings_only_has_no_outputs(tree: Tree) -> None:
    """That is no error."""
    tree.write(
        {"infra/env.hcl": "locals {}\n", "infra/z/.kubernator.py": "logger.info('said \"%s\"', hasattr(ktor, 'tf'))"}
    )
    assert tree.ok().said == ["False"]


def test_the_program_tells_its_version_and_place(tree: Tree, program: Program) -> None:
    """`stanza()` is the beginning of a command line."""
    script = "import json\nsay = [ktor.terragrunt.version, ktor.terragrunt.tg_file, ktor.terragrunt.stanza()]\n"
    tree.write({"a/.kubernator.py": script + "logger.info('said %s', json.dumps(say))"})
    path = str(program("terragrunt"))
    assert tree.ok().said == [["1.1.0", path, [path]]]


def test_initialising_can_be_left_to_terragrunt(tree: Tree) -> None:
    """It does it where it is needed."""
    tree.write({".kubernator.py": 'ktor.app.register_plugin("terragrunt", init=False)', **stack(unit("net", vpc="v"))})
    tree.write({"infra/z/.kubernator.py": SAY})
    answer = tree.ok("-v", "DEBUG")
    assert answer.said == [{"vpc": "v"}]
    assert not [
        record for record in answer.records if record["message"].startswith("running terragrunt run --all -- init")
    ]


def test_sensitive_outputs_are_never_shown(tree: Tree) -> None:
    """Not in the log at its most talkative, not in an error; also where one unit hands them to another."""
    inputs = 'dependency "a" {\n  config_path = "../a"\n}\ninputs = {\n  given = dependency.a.outputs.secret_one\n}\n'
    tree.write(
        stack(unit("a", secret_one=CANARY), unit("b", inputs, secret_two=[f"{CANARY}-two"], plain="plain-value"))
    )
    tree.write({"infra/z/.kubernator.py": "logger.info('%s', ktor.tf)\nraise ValueError(ktor.tf.secret_two)"})
    answer = tree.run("-v", "TRACE")
    assert "plain-value" in answer.text
    assert CANARY not in answer.text


def test_a_unit_that_fails_is_told(tree: Tree) -> None:
    """With its place; the others that failed in a line each."""
    tree.write(stack(unit("a", x=1), unit("b", y=1), unit("c", z=1)))
    tree.write({"infra/b/main.tf": 'locals {\n}\noutput "y" {\n', "infra/c/main.tf": "nonsense"})
    answer = tree.run()
    assert answer.error["message"].startswith("`terragrunt init` failed in `infra/b`: ")
    assert "at infra/b/main.tf:3" in answer.detail
    assert "also c: " in answer.detail


def test_a_mistake_in_a_file_of_terragrunt_is_told_with_its_place(tree: Tree) -> None:
    """As Terragrunt names it."""
    tree.write(stack(unit("a", "\nfoo {", x=1)))
    answer = tree.run()
    assert "`terragrunt init` failed in `infra`: unclosed configuration block" in answer.error["message"]
    assert "at infra/a/terragrunt.hcl:" in answer.detail


def test_a_unit_that_was_not_applied_is_told(tree: Tree) -> None:
    """Where another one depends on it."""
    depends = 'dependency "b" {\n  config_path = "../b"\n}\ninputs = {\n  x = dependency.b.outputs.x\n}\n'
    tree.write(stack(unit("a", depends, y=1), {"infra/b/terragrunt.hcl": UNIT, "infra/b/main.tf": declaring("x")}))
    answer = tree.run()
    assert 'resolving dependency "b" outputs' in answer.error["message"]
    assert "has not been applied yet" in answer.detail


def test_an_output_that_is_missing_is_told(tree: Tree) -> None:
    """With those that are there."""
    tree.write({**stack(unit("net", vpc_id=1)), "infra/.kubernator.py": "ktor.terragrunt.output('vpc_ib')"})
    answer = tree.run()
    assert answer.error["message"] == "`infra` has no output `vpc_ib` in its state"
    assert answer.error["hint"] == "did you mean `vpc_id`? there are `vpc_id`"


def test_two_runs_do_not_disturb_each_other(tree: Tree) -> None:
    """Units read one another, so a run has the whole of them for itself."""
    tree.write({**stack(unit("a", x=1), unit("b", y=2)), "infra/z/.kubernator.py": SAY})
    runs = [tree.start() for _ in range(2)]
    answers = [ended(run) for run in runs]
    assert [answer.said for answer in answers] == [[{"x": 1, "y": 2}]] * 2, answers


def test_a_directory_of_a_repository_is_not_written_to(tree: Tree, tmp_path: Path) -> None:
    """What Terragrunt downloads goes elsewhere."""
    remote = tmp_path / "remote"
    source = 'terraform {\n  source = "../../module"\n}\n'
    files = stack({"infra/net/terragrunt.hcl": UNIT + source, "infra/state/net.tfstate": state(vpc="v")})
    tree.write({f"../remote/{name}": text for name, text in files.items()})
    tree.write({"../remote/module/main.tf": declaring("vpc"), "../remote/infra/z/.kubernator.py": SAY})
    (tmp_path / "scratch").mkdir()
    git = ("git", "-C", str(remote), "-c", "user.name=t", "-c", "user.email=t@example.org")
    tree.call(".", "git", "init", "-q", "-b", "main", str(remote))
    tree.call(".", *git, "add", "-A")
    tree.call(".", *git, "commit", "-q", "-m", "one")
    tree.write({".kubernator.py": REGISTER + f'ktor.app.walk_remote("file://{remote}", "infra")'})
    assert tree.ok(TMPDIR=str(tmp_path / "scratch")).said == [{"vpc": "v"}]
    assert not list((tree.home / "cache").rglob(".terra*"))
    assert not list((tmp_path / "scratch").iterdir())


# What it is told


RECORDS = """
[ "$1" = --version ] && { echo "terragrunt version v$VERSION"; exit; }
{ echo "$@"; env | grep -E '^(TG|TERRAGRUNT)_' | sort; } >> $HOME/calls
echo '{"x": {"value": 1, "sensitive": false}}'
"""


@pytest.mark.parametrize(
    ("version", "spelling", "expected"),
    [
        ("0.48.7", "run-all", {"TERRAGRUNT_TFPATH", "TERRAGRUNT_FORWARD_TF_STDOUT", "TERRAGRUNT_NO_COLOR"}),
        ("0.72.9", "run-all", {"TERRAGRUNT_TFPATH", "TERRAGRUNT_FORWARD_TF_STDOUT", "TERRAGRUNT_NO_COLOR"}),
        ("0.73.0", "run --all --", {"TG_TF_PATH", "TG_TF_FORWARD_STDOUT", "TG_NO_COLOR"}),
        ("1.1.0", "run --all --", {"TG_TF_PATH", "TG_TF_FORWARD_STDOUT", "TG_NO_COLOR"}),
        ("latest", "run --all --", {"TG_TF_PATH", "TG_TF_FORWARD_STDOUT", "TG_NO_COLOR"}),
    ],
)
@pytest.mark.contract
def test_the_command_is_spelt_as_its_version_wants_it(
    tree: Tree, program: Program, version: str, spelling: str, expected: set[str]
) -> None:
    """Units answer one after the other; Terraform is the one that was chosen."""
    tree.stand_in("terragrunt", RECORDS)
    register = 'ktor.app.register_plugin("terraform", program="terraform")\n' + REGISTER
    tree.write({".kubernator.py": register, "infra/terragrunt.hcl": "", "infra/z/.kubernator.py": SAY})
    assert tree.ok(VERSION=version).said == [{"x": 1}]
    calls = (tree.home / "calls").read_text().splitlines()
    prefix = "TG_" if "TG_TF_PATH" in expected else "TERRAGRUNT_"
    path = next(line.partition("=")[2] for line in calls if "PATH=" in line)
    commands = [line for line in calls if line.startswith("run")]
    assert commands == [
        f"{spelling} init -reconfigure -input=false -upgrade=false -no-color",
        f"{spelling} output -json -no-color",
    ]
    names = [line.partition("=")[0] for line in calls if "=" in line and not line.startswith("run")]
    assert set(names) == {*expected, f"{prefix}PARALLELISM"}
    assert names.count(f"{prefix}PARALLELISM") == 1
    assert path == str(program("terraform"))


def test_terragrunt_chooses_the_program_where_no_script_does(tree: Tree) -> None:
    """Its own configuration may name one."""
    tree.stand_in("terragrunt", RECORDS)
    tree.write({"infra/terragrunt.hcl": ""})
    tree.ok(VERSION="1.1.0", TG_TF_PATH="/the/users/own")
    assert "TG_TF_PATH=/the/users/own" in (tree.home / "calls").read_text()


def test_an_answer_that_is_none_is_told_and_not_shown(tree: Tree) -> None:
    """It may hold what is secret."""
    tree.stand_in("terragrunt", f"[ \"$4\" = output ] && echo '{{}} {CANARY}' || echo v1.1.0")
    tree.write({"infra/terragrunt.hcl": ""})
    answer = tree.run("-v", "TRACE")
    assert "no JSON at line 1, column 4" in answer.error["message"]
    assert CANARY not in answer.text


def test_a_program_that_hangs_is_ended(tree: Tree) -> None:
    """What it printed until then is not told."""
    tree.stand_in(
        "terragrunt",
        f"[ $1 = --version ] && exit; [ $4 = init ] || {{ echo '{CANARY}'; echo $$ > pid; sleep 100000; }}",
    )
    tree.write({".kubernator.py": 'ktor.app.register_plugin("terragrunt", timeout=0.5)', "infra/terragrunt.hcl": ""})
    answer = tree.run("-v", "TRACE")
    assert answer.error["message"].startswith("`terragrunt output` did not end within 0.5 s in `infra`")
    assert CANARY not in answer.text
    with pytest.raises(ProcessLookupError):
        os.kill(int((tree.root / "infra/pid").read_text()), 0)


def test_a_log_of_another_format_is_shown_as_it_is(tree: Tree) -> None:
    """As older ones write it."""
    tree.stand_in("terragrunt", '[ $1 = --version ] || { echo "time=1 level=error msg=so it is" >&2; exit 1; }')
    tree.write({"infra/terragrunt.hcl": ""})
    answer = tree.run()
    assert answer.error["message"] == "`terragrunt init` failed in `infra`"
    assert "level=error msg=so it is" in answer.detail


def test_without_the_program_it_is_told(tree: Tree) -> None:
    """Where it was registered; it is the RuntimeError of the reference."""
    tree.environment["PATH"] = "/usr/bin:/bin"
    tree.stand_in("terraform", "")
    script = (
        f"try:\n  {REGISTER}except RuntimeError as e:\n  import json\n  logger.info('said %s', json.dumps(str(e)))\n"
    )
    tree.write({".kubernator.py": script})
    answer = tree.ok()
    assert answer.said == ["`terragrunt` is not on `PATH`"]
