"""The terraform plugin with the real terraform and tofu, and with programs that misbehave."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.server
import io
import json
import os
import signal
import threading
import urllib.request
import uuid
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from infrastructure import CANARY, SAY, Tree, declaring, ended, state

from kubernator.tools import catalog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toolchain.fixtures import Moto, PathOf, Program

pytestmark = pytest.mark.tools

REGISTER = 'ktor.app.register_plugin("terraform")\n'
TOGETHER = REGISTER + "ktor.tf = {}\n"

PROGRAMS = ("terraform", "tofu")

EXAMPLE = Path(__file__).parents[2] / "examples" / "terraform"


@pytest.fixture
def tree(tmp_path: Path, path_of: PathOf) -> Tree:
    """Return a tree with `terraform` on `PATH`."""
    return Tree(tmp_path, path_of("terraform"))


@pytest.fixture(params=PROGRAMS)
def either(request: pytest.FixtureRequest, tmp_path: Path, path_of: PathOf) -> Tree:
    """Return a tree that registers the plugin with one of both programs."""
    made = Tree(tmp_path, path_of(request.param))
    made.write({".kubernator.py": f'ktor.app.register_plugin("terraform", program="{request.param}")\n'})
    return made


def directory(name: str, /, **outputs: Any) -> dict[str, str]:
    """Return the files of a directory with outputs."""
    return {f"{name}/main.tf": declaring(*outputs), f"{name}/terraform.tfstate": state(**outputs)}


# What scripts see


def test_outputs_are_seen_below_the_directory(either: Tree) -> None:
    """And not beside it; with their types."""
    values = {"vpc": {"id": "vpc-1", "zones": ["a", "b"]}, "count": 3, "on": True, "name": "net"}
    either.write(
        {
            **directory("infra", **values),
            "infra/below/.kubernator.py": SAY,
            "other/.kubernator.py": "logger.info('said %s', 'true' if hasattr(ktor, 'tf') else 'false')",
        }
    )
    assert [values, False] == either.ok().said


def test_outputs_go_to_the_ancestor_that_has_tf(tree: Tree) -> None:
    """So directories beside see them; a name of two directories is the later one's."""
    tree.write(
        {
            ".kubernator.py": TOGETHER,
            **directory("a-net", vpc="vpc-1", shared="a"),
            **directory("b-dns", zone="z-1", shared="b"),
            "c-app/.kubernator.py": SAY,
            "c-app/d/.kubernator.py": "ktor.tf = {'mine': 1}\n" + SAY,
        }
    )
    both = {"vpc": "vpc-1", "zone": "z-1", "shared": "b"}
    assert [both, {**both, "mine": 1}] == tree.ok().said


def test_outputs_reach_the_values_of_files_below(tree: Tree) -> None:
    """`ktor.tf.name` and `ktor.tf["name"]`, in scripts of every depth."""
    tree.write(
        {
            ".kubernator.py": TOGETHER,
            **directory("infra", cidr="10.0.0.0/16"),
            "z/.kubernator.py": "import json\nlogger.info('said %s', json.dumps([ktor.tf.cidr, ktor.tf['cidr']]))",
        }
    )
    assert tree.ok().said == [["10.0.0.0/16"] * 2]


def test_the_directorys_own_script_asks_for_outputs(either: Tree) -> None:
    """They are read once, and are in `ktor.tf` afterwards as well."""
    script = """
    import json
    one = ktor.terraform.output()
    one["vpc"] = "changed"
    say = [one.name, ktor.terraform.output("vpc"), sorted(ktor.terraform.output())]
    logger.info("said %s", json.dumps(say))
    """
    either.write({**directory("infra", vpc="v", name="n"), "infra/.kubernator.py": script})
    either.write({"infra/z/.kubernator.py": SAY})
    answer = either.ok("-v", "DEBUG")
    assert answer.said == [["n", "v", ["name", "vpc"]], {"vpc": "v", "name": "n"}]
    runs = [record["message"] for record in answer.records if record["name"] == "kubernator.terraform.proc"]
    assert len([run for run in runs if run.startswith("running") and " output " in run]) == 1


def test_several_directories_are_asked_at_once(tree: Tree) -> None:
    """The answers come in the order of the question."""
    script = "import json\nlogger.info('said %s', json.dumps([o.name for o in ktor.terraform.outputs('b', 'a', 'b')]))"
    tree.write({**directory("a", name="A"), **directory("b", name="B"), ".kubernator.py": REGISTER + script})
    assert tree.ok().said == [["B", "A", "B"]]


def test_a_script_may_write_what_is_read_after_it(tree: Tree) -> None:
    """Files are read when the directory's script has run."""
    script = f"(ktor.app.cwd / 'main.tf').write_text('{{}}'.format({declaring('x')!r}))\n"
    tree.write(
        {
            ".kubernator.py": REGISTER,
            "infra/.kubernator.py": script,
            "infra/terraform.tfstate": state(x=1),
            "infra/z/.kubernator.py": SAY,
        }
    )
    assert tree.ok().said == [{"x": 1}]


def test_patterns_say_which_directories_are_read(tree: Tree) -> None:
    """Modules, which have no state, are left out."""
    tree.write(
        {
            ".kubernator.py": TOGETHER,
            "modules/net/main.tf": declaring("x"),
            "modules/.kubernator.py": "ktor.terraform.excludes.add('*.tf')",
            "other/x.json.tf.json": "{}",
            "other/terraform.tfstate": state(y=2),
            "other/.kubernator.py": "ktor.terraform.includes.add('*.tf.json')",
            "z/.kubernator.py": SAY,
        }
    )
    assert tree.ok().said == [{"y": 2}]


@pytest.mark.parametrize("name", ["with space", "naïve-ü", "it's", 'say "hi"', "$(touch x)", "-flag", "a;b"])
def test_directories_may_have_odd_names(tree: Tree, name: str) -> None:
    """Nothing of it is read as anything else."""
    tree.write({".kubernator.py": REGISTER, **directory(name, x=1), f"{name}/z/.kubernator.py": SAY})
    assert tree.ok().said == [{"x": 1}]


# The program


def test_the_program_tells_its_version_and_place(either: Tree, request: pytest.FixtureRequest) -> None:
    """`stanza()` is the beginning of a command line."""
    name = request.node.callspec.params["either"]
    script = """
    import json
    run = ktor.app.run_capturing_out([*ktor.terraform.stanza(), "version", "-json"], None)
    told = json.loads(run)["terraform_version"]
    logger.info("said %s", json.dumps([told == ktor.terraform.version, ktor.terraform.tf_file]))
    """
    either.write({"a/.kubernator.py": script})
    ((same, path),) = either.ok().said
    assert (same, os.path.basename(path)) == (True, name)  # noqa: PTH119 - the text is what is tested


def test_tofu_is_taken_where_there_is_no_terraform(tree: Tree, program: Program) -> None:
    """`PATH` chooses, terraform first."""
    tree.environment["PATH"] = os.pathsep.join([str(program("tofu").parent), "/usr/bin", "/bin"])
    tree.write({".kubernator.py": REGISTER, **directory("infra", x=1), "infra/z/.kubernator.py": SAY})
    tree.write({"y/.kubernator.py": "logger.info('said \"%s\"', ktor.terraform.tf_file)"})
    assert [{"x": 1}, str(program("tofu"))] == tree.ok().said


@pytest.fixture
def mirror() -> Iterator[tuple[str, dict[str, bytes]]]:
    """Serve files by their paths on loopback."""
    files: dict[str, bytes] = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = files.get(self.path)
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", files
        server.shutdown()


@pytest.mark.parametrize(("option", "name"), [("", "terraform"), (', program="tofu"', "tofu")])
def test_a_version_is_downloaded(tree: Tree, mirror: tuple[str, dict[str, bytes]], option: str, name: str) -> None:
    """Terraform unless told; what scripts run finds it first."""
    url, files = mirror
    wanted = catalog.download(name, "9.8.7", catalog.here())
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), f'#!/bin/sh\necho \'{{"terraform_version": "9.8.7"}}\' # {name}\n')
    content = packed.getvalue()
    files[wanted.url.removeprefix("https:/")] = content
    files[wanted.sums.removeprefix("https:/")] = f"{hashlib.sha256(content).hexdigest()}  {wanted.file}\n".encode()
    script = f"""
    ktor.app.register_plugin("terraform", version="v9.8.7"{option})
    import json
    said = ktor.app.run_capturing_out(["{name}", "version", "-json"], None)
    logger.info("said %s", json.dumps([ktor.terraform.version, json.loads(said)["terraform_version"]]))
    """
    tree.write({".kubernator.py": script})
    assert tree.ok(KUBERNATOR_DOWNLOAD_MIRROR=url).said == [["9.8.7", "9.8.7"]]


# Initialising


LOCAL = 'terraform {\n  backend "local" {\n    path = "elsewhere/the.tfstate"\n  }\n}\n'


@pytest.mark.parametrize("init", ["always", "needed"])
def test_a_backend_is_initialised(either: Tree, init: str, request: pytest.FixtureRequest) -> None:
    """As its files say; what was there before does not count."""
    name = request.node.callspec.params["either"]
    either.write(
        {
            ".kubernator.py": f'ktor.app.register_plugin("terraform", program="{name}", init="{init}")\n',
            "infra/main.tf": LOCAL + declaring("x"),
            "infra/elsewhere/the.tfstate": state(x=1),
            "infra/z/.kubernator.py": SAY,
        }
    )
    assert either.ok().said == [{"x": 1}]
    changed = LOCAL.replace("the.tfstate", "other.tfstate")
    either.write({"infra/main.tf": changed + declaring("x"), "infra/elsewhere/other.tfstate": state(x=2)})
    assert either.ok().said == [{"x": 2}]


def test_a_directory_that_is_not_initialised_is_told(tree: Tree) -> None:
    """Where nobody wants it to be."""
    tree.write(
        {".kubernator.py": 'ktor.app.register_plugin("terraform", init="never")', "infra/main.tf": LOCAL},
    )
    answer = tree.run()
    assert "failed in `infra`: backend initialization required" in answer.error["message"]
    assert "not initialised" in answer.error["hint"]
    assert not (tree.root / "infra/.terraform").exists()


def test_what_a_backend_lacks_is_given_by_option(tree: Tree) -> None:
    """A partial configuration cannot be read without."""
    tree.write(
        {
            ".kubernator.py": 'ktor.app.register_plugin("terraform", init_args=["-backend-config=path=p.tfstate"])',
            "infra/main.tf": 'terraform {\n  backend "local" {}\n}\n' + declaring("x"),
            "infra/p.tfstate": state(x=1),
            "infra/z/.kubernator.py": SAY,
        }
    )
    assert tree.ok().said == [{"x": 1}]


def test_arguments_of_the_users_environment_count(tree: Tree) -> None:
    """They are the program's own affair; its colours and boxes do not matter."""
    tree.write({".kubernator.py": REGISTER, **directory("infra", x=1), "infra/other.tfstate": state(x=2)})
    tree.write({"infra/z/.kubernator.py": SAY})
    assert tree.ok(TF_CLI_ARGS_output="-state=other.tfstate").said == [{"x": 2}]


def test_a_workspace_counts(tree: Tree) -> None:
    """The one that was chosen in the directory."""
    tree.write({".kubernator.py": REGISTER, **directory("infra", x=1), "infra/z/.kubernator.py": SAY})
    tree.write({"infra/terraform.tfstate.d/prod/terraform.tfstate": state(x=2), "infra/.terraform/environment": "prod"})
    assert tree.ok().said == [{"x": 2}]


def test_a_directory_of_a_repository_is_not_written_to(tree: Tree, tmp_path: Path) -> None:
    """Its tree in the cache is used by others; Terraform's own files go elsewhere, and go."""
    remote = tmp_path / "remote"
    files = {"infra/main.tf": LOCAL + declaring("x"), "infra/elsewhere/the.tfstate": state(x=1)}
    tree.write({f"../remote/{name}": text for name, text in files.items()})
    tree.write({"../remote/infra/z/.kubernator.py": SAY})
    (tmp_path / "scratch").mkdir()
    git = ("git", "-C", str(remote), "-c", "user.name=t", "-c", "user.email=t@example.org")
    tree.call(".", "git", "init", "-q", "-b", "main", str(remote))
    tree.call(".", *git, "add", "-A")
    tree.call(".", *git, "commit", "-q", "-m", "one")
    tree.write({".kubernator.py": REGISTER + f'ktor.app.walk_remote("file://{remote}", "infra")'})
    assert tree.ok(TMPDIR=str(tmp_path / "scratch")).said == [{"x": 1}]
    assert not list((tree.home / "cache").rglob(".terraform"))
    assert not list((tmp_path / "scratch").iterdir())


# Secrets


SECRETS = {
    "secret_text": CANARY,
    "secret_number": 8675309123456,
    "secret_deep": {"users": [{"name": "someone-else", "password": f"{CANARY}/deep"}]},
    "secret_lines": f"first {CANARY} line\nsecond {CANARY}",
}

LEAKS = (CANARY, "8675309123456", "someone-else", base64.b64encode(CANARY.encode()).decode()[:-2])


@pytest.mark.parametrize(
    "script",
    [
        "logger.info('%s', ktor.tf)",
        "raise ValueError(ktor.tf.secret_text, ktor.tf.secret_deep)",
        "ktor.app.run_capturing_out(['sh', '-c', 'echo $0 >&2; exit 3', ktor.tf.secret_text], logger.info)",
        "import base64\nlogger.warning(base64.b64encode(ktor.tf.secret_text.encode()).decode())",
        "ktor.tf['missing']",
        "ktor.terraform.output()",
    ],
)
def test_sensitive_outputs_are_never_shown(either: Tree, script: str) -> None:
    """Not in the log at its most talkative, not in an error."""
    either.write({**directory("infra", **SECRETS, plain="plain-value"), "infra/z/.kubernator.py": script})
    either.write({"infra/.kubernator.py": "logger.info('%s', ktor.terraform.output())"})
    answer = either.run("-v", "TRACE")
    assert not [leak for leak in LEAKS if leak in answer.text]
    assert "plain-value" in answer.text


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        (f'{{"a": {{"sensitive": true, "value": "{CANARY}"', "no JSON at line 2"),
        (f'{CANARY} {{"a": 1}}', "no JSON at line 1, column 1"),
        (f'{{"a": "{CANARY}"}}', "output `a` has no value"),
        (f'["{CANARY}"]', "not an object of outputs"),
        ("{}\n{}", "several JSON values"),
    ],
)
def test_an_answer_that_is_none_is_told_and_not_shown(tree: Tree, says: str, expected: str) -> None:
    """A wrapper that prints more, a program that died while it wrote."""
    tree.stand_in("terraform", f"[ $1 = init ] || cat <<'END'\n{says}\nEND\n")
    tree.write({".kubernator.py": REGISTER, "infra/main.tf": ""})
    answer = tree.run("-v", "TRACE")
    assert expected in answer.error["message"]
    assert CANARY not in answer.text


def test_a_program_that_fails_after_it_spoke_does_not_tell(tree: Tree) -> None:
    """What it printed on its output may be outputs."""
    tree.stand_in("terraform", f"[ $1 = init ] || {{ echo '{CANARY}'; exit 4; }}")
    tree.write({".kubernator.py": REGISTER, "infra/main.tf": ""})
    answer = tree.run("-v", "TRACE")
    assert "`terraform output` failed in `infra`" in answer.error["message"]
    assert "exit code 4" in answer.detail
    assert CANARY not in answer.text


# What goes wrong


def test_a_directory_without_files_of_terraform_has_none_to_ask_for(tree: Tree) -> None:
    """It is not blamed on a state."""
    tree.write({".kubernator.py": REGISTER, "shop/.kubernator.py": "ktor.terraform.output()\n"})
    answer = tree.run()
    assert answer.error["message"].startswith("`shop` holds no files of Terraform")
    assert "ktor.terraform.outputs(path)" in answer.error["hint"]


def test_a_state_without_outputs_is_an_error(either: Tree) -> None:
    """It is the RuntimeError of the reference, and says what is declared and not applied."""
    script = "try:\n  ktor.terraform.output()\nexcept RuntimeError as e:\n  logger.info('said \"caught\"')\n"
    either.write({"infra/main.tf": declaring("vpc"), "infra/.kubernator.py": script})
    answer = either.run()
    assert answer.said == ["caught"]
    assert answer.error["message"].startswith("the state of `infra` has no outputs")
    assert "declares `vpc` (main.tf:1), which is not in the state" in answer.detail
    assert "apply" in answer.error["hint"]


def test_a_directory_without_outputs_can_be_left_out(tree: Tree) -> None:
    """The hint says how."""
    tree.write({".kubernator.py": REGISTER, "modules/main.tf": "locals {}\n"})
    assert "excludes" in tree.run().error["hint"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("vpc_ib", "did you mean `vpc_id`? there are `vpc_id`, `zone`"),
        ("later", "it is declared in main.tf:7; apply it there first"),
        ("quite else", "there are `vpc_id`, `zone`"),
    ],
)
def test_an_output_that_is_missing_is_told(tree: Tree, name: str, hint: str) -> None:
    """With those that are there; it is a KeyError too."""
    script = f"try:\n  ktor.terraform.output('{name}')\nexcept KeyError:\n  ktor.terraform.output('{name}')\n"
    tree.write({".kubernator.py": REGISTER, **directory("infra", vpc_id=1, zone=2), "infra/.kubernator.py": script})
    tree.write({"infra/main.tf": declaring("vpc_id", "zone", "later")})
    answer = tree.run()
    assert answer.error["message"] == f"`infra` has no output `{name}` in its state"
    assert answer.error["hint"] == hint
    assert "infra/.kubernator.py:4" in answer.detail


def test_a_mistake_in_a_file_is_told_with_its_place(either: Tree) -> None:
    """As the program names it, with the directory in front."""
    either.write({**directory("a/infra", x=1), "a/infra/more.tf": 'locals {\n}\noutput "y" {\n'})
    answer = either.run()
    assert "init` failed in `a/infra`: " in answer.error["message"]
    assert "at a/infra/more.tf:3" in answer.detail


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"version": 4, "outputs": {', "unsupported state file format"),
        (state(x=1).replace('"version": 4', '"version": 99'), "unsupported state file format"),
    ],
)
def test_a_state_that_cannot_be_read_is_told(either: Tree, text: str, expected: str) -> None:
    """Damaged, or of a newer program."""
    either.write({**directory("infra", x=1), "infra/terraform.tfstate": text})
    answer = either.run()
    assert expected in f"{answer.error['message']}\n{answer.detail}".lower()
    assert "newer" in answer.error["hint"]


def test_a_version_that_the_files_refuse_is_told(tree: Tree) -> None:
    """It can be chosen by option."""
    tree.write({".kubernator.py": REGISTER, "infra/main.tf": 'terraform {\n  required_version = ">= 99"\n}\n'})
    answer = tree.run()
    assert "unsupported Terraform Core version" in answer.error["message"]
    assert "version=" in answer.error["hint"]


PROVIDER = """
terraform {
  required_providers {
    acme = { source = "localhost/acme/acme" }
  }
}
resource "acme_thing" "a" {}
output "x" { value = acme_thing.a.id }
"""


def test_a_provider_that_cannot_be_had_is_told(either: Tree) -> None:
    """It is not needed to read outputs, and the hint says how to do without."""
    either.write({"infra/main.tf": PROVIDER, "infra/terraform.tfstate": state(x=1)})
    answer = either.run()
    assert "failed in `infra`: failed to" in answer.error["message"]
    assert "acme" in answer.detail
    assert 'init="needed"' in answer.error["hint"]


def test_outputs_are_read_without_providers(either: Tree, request: pytest.FixtureRequest) -> None:
    """Where initialising is not needed."""
    name = request.node.callspec.params["either"]
    either.write(
        {
            ".kubernator.py": f'ktor.app.register_plugin("terraform", program="{name}", init="needed")',
            "infra/main.tf": PROVIDER,
            "infra/terraform.tfstate": state(x=1),
            "infra/z/.kubernator.py": SAY,
        }
    )
    assert either.ok().said == [{"x": 1}]


def test_a_lock_file_that_does_not_fit_is_told(tree: Tree) -> None:
    """With the program's reason."""
    lock = 'provider "localhost/acme/acme" {\n  version = \n}\n'
    tree.write({".kubernator.py": REGISTER, "infra/main.tf": PROVIDER, "infra/.terraform.lock.hcl": lock})
    answer = tree.run()
    assert "`terraform init` failed in `infra`: failed to read dependency lock file" in answer.error["message"]
    assert "Expected the start of an expression" in answer.detail


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("kill -9 $$", "ended by signal 9"),
        ("exit 7", "exit code 7"),
        ("echo 'out of memory' >&2; exit 2", "out of memory"),
    ],
)
def test_a_program_that_dies_is_told(tree: Tree, script: str, expected: str) -> None:
    """By its end, and what it said."""
    tree.stand_in("terraform", script)
    tree.write({".kubernator.py": REGISTER, "infra/main.tf": ""})
    answer = tree.run()
    assert "`terraform init` failed in `infra`" in answer.error["message"]
    assert expected in answer.detail


def test_a_program_that_hangs_is_ended(tree: Tree) -> None:
    """After its time, with what it has started; what it printed until then is not told."""
    tree.stand_in("terraform", f"[ $1 = init ] || {{ echo '{CANARY}'; echo $$ > pid; sleep 100000; }}")
    tree.write({".kubernator.py": 'ktor.app.register_plugin("terraform", timeout=0.5)', "infra/main.tf": ""})
    answer = tree.run("-v", "TRACE")
    assert answer.error["message"].startswith("`terraform output` did not end within 0.5 s in `infra`")
    assert CANARY not in answer.text
    with pytest.raises(ProcessLookupError):
        os.kill(int((tree.root / "infra/pid").read_text()), 0)


def test_a_program_that_is_none_is_told(tree: Tree) -> None:
    """A file for another kind of machine, say."""
    tree.stand_in("terraform", "")
    (tree.home / "bin/terraform").write_bytes(b"\x7fELF\x00garbage")
    tree.write({".kubernator.py": REGISTER, "infra/main.tf": ""})
    assert "no program for this machine" in tree.run().error["message"]


def test_old_programs_tell_their_version_in_words(tree: Tree) -> None:
    """Before 0.13 there was no JSON."""
    tree.stand_in("terraform", "echo 'Terraform v0.12.31'; echo; echo 'Your version of Terraform is out of date!'")
    tree.write({".kubernator.py": REGISTER + "logger.info('said \"%s\"', ktor.terraform.version)"})
    assert tree.ok().said == ["0.12.31"]


def test_warnings_are_told_once(tree: Tree) -> None:
    """Most are about the machine."""
    tree.write({".kubernator.py": REGISTER, **directory("a", x=1), **directory("b", x=1), **directory("c", x=1)})
    answer = tree.ok(TF_CLI_CONFIG_FILE="/nowhere/rc")
    warned = [record["message"] for record in answer.records if record["level"] == "WARNING"]
    assert len([text for text in warned if "/nowhere/rc" in text]) == 1


# Side by side


def test_directories_beside_one_another_are_read_at_the_same_time(tree: Tree, tmp_path: Path) -> None:
    """Each waits for the other here; what is merged, and when, is as one after the other."""
    for name in ("a", "b"):
        os.mkfifo(tmp_path / name)
    tree.stand_in(
        "terraform",
        f"""
        if [ $1 = init ]; then
            case $PWD in
            */a) echo x > {tmp_path}/b; read x < {tmp_path}/a;;
            */b) read x < {tmp_path}/b; echo x > {tmp_path}/a;;
            esac
        else
            name=${{PWD##*/}}
            echo '{{"who": {{"value": "'$name'", "sensitive": false}}}}'
        fi
        """,
    )
    tree.write({".kubernator.py": TOGETHER, "infra/a/main.tf": "", "infra/b/main.tf": "", "z/.kubernator.py": SAY})
    assert tree.ok().said == [{"who": "b"}]


def test_a_directory_with_a_script_has_the_outputs_of_those_before(tree: Tree) -> None:
    """Nothing that can ask for outputs runs before they are there."""
    tree.write(
        {
            ".kubernator.py": TOGETHER,
            **directory("a", one=1),
            **directory("b", two=2),
            "b/.kubernator.py": SAY,
            **directory("c", three=3),
            "d/.kubernator.py": SAY,
        }
    )
    assert tree.ok().said == [{"one": 1}, {"one": 1, "two": 2, "three": 3}]


def test_what_goes_wrong_side_by_side_is_told_together(tree: Tree) -> None:
    """The first in the order of the walk, and the others in a line each."""
    tree.write({".kubernator.py": TOGETHER, "a/main.tf": "", **directory("b", x=1), "c/main.tf": ""})
    answer = tree.run()
    assert answer.error["message"].startswith("the state of `a` has no outputs")
    assert "also the state of `c` has no outputs" in answer.detail


def test_two_runs_do_not_disturb_each_other(tree: Tree) -> None:
    """Both initialise the same directories."""
    tree.write({".kubernator.py": TOGETHER, "z/.kubernator.py": SAY})
    for name in "abc":
        tree.write({f"{name}/main.tf": LOCAL + declaring(name), f"{name}/elsewhere/the.tfstate": state(**{name: 1})})
    runs = [tree.start() for _ in range(3)]
    answers = [ended(run) for run in runs]
    assert [answer.said for answer in answers] == [[{"a": 1, "b": 1, "c": 1}]] * 3, answers


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_ends_what_is_read(tree: Tree, tmp_path: Path, number: int, code: int) -> None:
    """At once, with the program; a run that waits for another one's directory too."""
    os.mkfifo(tmp_path / "ready")
    tree.stand_in("terraform", f"echo $$ > {tmp_path}/ready; exec sleep 100000")
    tree.write({".kubernator.py": REGISTER, "a/main.tf": ""})
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(tree.start())
        stack.callback(first.kill)
        pid = int((tmp_path / "ready").read_text())
        second = stack.enter_context(tree.start())
        stack.callback(second.kill)
        assert second.stderr is not None
        assert any("waiting for another run that reads `a`" in line for line in second.stderr)
        for each in (second, first):
            each.send_signal(number)
            assert each.wait() == code
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_registered_below_it_acts_there(tree: Tree) -> None:
    """Directories beside hear of what they share, and in time."""
    tree.write(
        {
            ".kubernator.py": "ktor.tf = {}",
            "a/.kubernator.py": REGISTER,
            **directory("a/net", x=1),
            "b/.kubernator.py": SAY,
            **directory("b/net", y=1),
        }
    )
    assert tree.ok().said == [{"x": 1}]


# Backends


S3 = """
terraform {{
  backend "s3" {{
    bucket                      = "{bucket}"
    key                         = "net"
    region                      = "us-east-1"
    endpoints                   = {{ s3 = "{url}" }}
    use_path_style              = true
    skip_credentials_validation = true
    skip_requesting_account_id  = true
    skip_metadata_api_check     = true
    skip_region_validation      = true
  }}
}}
"""


def put(url: str, content: str = "") -> None:
    """Store something in the stand-in for S3."""
    signed = {
        "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request",
        "Content-Type": "application/octet-stream",
    }
    with urllib.request.urlopen(  # noqa: S310 - loopback
        urllib.request.Request(url, content.encode(), signed, method="PUT")  # noqa: S310 - the same
    ) as answer:
        assert answer.status == 200


def test_a_state_in_s3_is_read(either: Tree, moto: Moto) -> None:
    """The backend that most have; where the bucket is not there the program's words are shown."""
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}
    bucket = f"states-{uuid.uuid4().hex[:8]}"
    either.write({"infra/main.tf": S3.format(bucket=bucket, url=moto.url), "infra/z/.kubernator.py": SAY})
    answer = either.run(**keys)
    assert "failed in `infra`" in answer.error["message"]
    assert "bucket" in f"{answer.error['message']} {answer.detail}".lower()
    put(f"{moto.url}/{bucket}")
    put(f"{moto.url}/{bucket}/net", state(x=1, secret_y=CANARY))
    answer = either.ok("-v", "TRACE", **keys)
    assert answer.said == [{"x": 1, "secret_y": "<secret 1>"}]
    assert CANARY not in answer.text


# A cluster


@pytest.fixture
def example(tree: Tree, kubeconfig: Path, namespace: str) -> Tree:
    """Return the example, in a namespace of its own."""
    for file in EXAMPLE.rglob("*"):
        if file.is_file():
            text = file.read_text().replace("terraform-example", namespace)
            tree.write({str(file.relative_to(EXAMPLE)): text})
    tree.environment["KUBECONFIG"] = str(kubeconfig)
    return tree


@pytest.mark.cluster
def test_the_example_lands_on_a_cluster_and_shows_no_secret(example: Tree, kubectl: Any, namespace: str) -> None:
    """What is written is the value; what is shown is not."""
    shown = example.ok("-v", "TRACE", "dump").text + example.ok("-v", "TRACE", "apply").text
    written = example.ok("apply", "--yes")
    password = "correct-horse-battery-staple"
    for form in (password, base64.b64encode(password.encode()).decode()):
        assert form not in shown + written.text
    assert "<secret " in shown
    found = json.loads(kubectl("get", "secrets,configmaps", "-n", namespace, "-o", "json").stdout)["items"]
    data = {(item["kind"], item["metadata"]["name"]): item["data"] for item in found}
    url = base64.b64encode(f"postgres://shop:{password}@db.internal/shop".encode()).decode()
    assert data["Secret", "database"] == {"url": url}
    assert data["ConfigMap", "database"] == {"host": "db.internal", "password": password}
    assert data["ConfigMap", "zone-eu-1b"] == {"network": "net-4711", "zone": "eu-1b"}
    again = example.ok("dump")
    assert again.out.strip() == "[]"


# A backend that locks


@pytest.mark.cluster
def test_a_locked_state_is_told(either: Tree, program: Program, kubeconfig: Path, kubectl: Any, namespace: str) -> None:
    """With who holds it, since when, and what for."""
    kubectl("create", "namespace", namespace)
    backend = f"""
    terraform {{
      backend "kubernetes" {{
        secret_suffix = "net"
        namespace     = "{namespace}"
        config_path   = "{kubeconfig}"
      }}
    }}
    """
    either.write({"infra/main.tf": backend, "infra/out.tf": declaring("x"), "infra/z/.kubernator.py": SAY})
    held = json.dumps(
        {
            "ID": "fbe9e543-b2a1-f569-0a88-42212462e3fb",
            "Operation": "OperationTypeApply",
            "Who": "somebody@elsewhere",
            "Version": "1.11.4",
            "Created": "2026-11-23T06:24:13.936096866Z",
        }
    )
    lease = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {
            "name": "lock-tfstate-default-net",
            "namespace": namespace,
            "annotations": {"app.terraform.io/lock-info": held},
        },
        "spec": {"holderIdentity": "fbe9e543-b2a1-f569-0a88-42212462e3fb"},
    }
    kubectl("create", "-f", "-", stdin=json.dumps(lease))
    answer = either.run()
    assert answer.error["message"].startswith("the state of `infra` is locked by `somebody@elsewhere` since 2026-11-23")
    assert "force-unlock fbe9e543-b2a1-f569-0a88-42212462e3fb" in answer.error["hint"]
    kubectl("delete", "lease", "lock-tfstate-default-net", "-n", namespace)
    either.call("infra", program("terraform"), "init", "-reconfigure", "-input=false")
    either.call("infra", program("terraform"), "apply", "-auto-approve", "-input=false")
    assert either.ok().said == [{"x": "declared"}]
