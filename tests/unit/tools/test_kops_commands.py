"""What kops is told, and what its answers mean."""

from __future__ import annotations

import logging

import pytest

from kubernator import errors
from kubernator.tools import kops, kops_answers
from kubernator.tools.kops import Target
from kubernator.tools.kops_answers import FieldProblem

DEMO = Target("demo.k8s.local", "s3://state")
BOTH = ["--name=demo.k8s.local", "--state=s3://state"]


@pytest.mark.parametrize(
    ("expected", "command"),
    [
        (["get", "all", *BOTH, "--output=json"], kops.get(DEMO)),
        (["get", "sshpublickeys", *BOTH, "--output=json"], kops.ssh_keys(DEMO)),
        (
            ["replace", *BOTH, "--force", "--filename=/a.json", "--filename=/b.json"],
            kops.replace(DEMO, ["/a.json", "/b.json"]),
        ),
        (["replace", *BOTH, "--force", '--filename="/a, ""b"".json"'], kops.replace(DEMO, ['/a, "b".json'])),
        (["update", "cluster", *BOTH], kops.preview(DEMO)),
        (["update", "cluster", *BOTH, "--yes", "--create-kube-config=false"], kops.update(DEMO)),
        (["export", "kubeconfig", *BOTH, "--admin", "--kubeconfig=/k"], kops.export(DEMO, "/k")),
        (["validate", "cluster", *BOTH, "--wait=900s"], kops.validate(DEMO, wait="900s")),
        (["rolling-update", "cluster", *BOTH, "--cloudonly"], kops.rolling_preview(DEMO)),
        (
            ["rolling-update", "cluster", *BOTH, "--control-plane-interval=8m", "--node-interval=1m", "--yes"],
            kops.roll(DEMO, control_plane="8m", node="1m"),
        ),
    ],
)
def test_every_command_names_cluster_and_state_store(expected: list[str], command: list[str]) -> None:
    """Nothing is left to the environment, to kops' own configuration, or to the current context."""
    assert expected == command


@pytest.mark.parametrize(
    ("expected", "line"),
    [
        ((logging.DEBUG, "Found it"), "I1123 06:25:33.123456   12345 loader.go:42] Found it"),
        ((logging.WARNING, "retrying"), "W1123 06:25:33.123456     145 executor.go:139] retrying"),
        ((logging.ERROR, "no"), "E1123 06:25:33.123456 12345 x_y.go:1] no"),
        ((logging.ERROR, ""), "F1123 06:25:33.123456 12345 x.go:1]"),
        ((logging.DEBUG, "Error: cluster not found"), "Error: cluster not found"),
        ((logging.DEBUG, "I am no log"), "I am no log"),
    ],
)
def test_lines_of_klog_have_their_level(expected: tuple[int, str], line: str) -> None:
    """The letter at the beginning says how bad it is; what is no log is the error that ends it."""
    assert expected == kops_answers.log_line(line)


@pytest.mark.parametrize(
    ("expected", "stderr"),
    [
        ("boom", "W1123 06:25:33.1 1 a.go:1] retrying\n\nError: boom\n"),
        ("one\ntwo", "Error: one\ntwo\n"),
        ("panic: x", "panic: x\n"),
        ("", "I1123 06:25:33.1 1 a.go:1] fine\n"),
    ],
)
def test_what_is_wrong_is_told_from_the_log(expected: str, stderr: str) -> None:
    """The last error counts; without one, everything that is no log."""
    assert expected == kops_answers.said(stderr)


@pytest.mark.parametrize(
    ("expected", "stderr"),
    [
        (True, 'Error: Cluster.kops.k8s.io "demo.k8s.local" not found\n'),
        (True, 'Error: cluster not found "demo.k8s.local"\n'),
        (False, 'Error: Cluster.kops.k8s.io "other" not found\n'),
        (False, "Error: error reading cluster configuration: AccessDenied\n"),
        (False, 'Error: instanceGroup "demo.k8s.local" not found\n'),
    ],
)
def test_a_missing_cluster_is_told_from_other_failures(*, expected: bool, stderr: str) -> None:
    """Only kops' own words about this very cluster mean that it is not there."""
    assert expected == kops_answers.no_cluster(stderr, "demo.k8s.local")


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ([FieldProblem((), "no cloud")], "no cloud"),
        (
            [FieldProblem(("spec", "networkCIDR"), "required value: Cluster did not have networkCIDR set")],
            "error creating cluster: spec.networkCIDR: Required value: Cluster did not have networkCIDR set",
        ),
        (
            [
                FieldProblem(("spec", "subnets", 0, "type"), 'unsupported value: "x": supported values: "A", "B"'),
                FieldProblem(("spec", "topology"), "forbidden: no"),
            ],
            (
                "error: [spec.subnets[0].type: "
                'Unsupported value: "x": supported values: "A", "B", spec.topology: Forbidden: no]'
            ),
        ),
        (
            [FieldProblem(("spec", "labels", "a.b/c"), 'invalid value: "": no')],
            'spec.labels[a.b/c]: Invalid value: "": no',
        ),
        (
            [FieldProblem(("spec", "sshAccess"), "cannot unmarshal string as type []string")],
            (
                'error parsing file "/tmp/x/4.json": json: cannot unmarshal string into Go struct field '
                "ClusterSpec.spec.sshAccess of type []string"
            ),
        ),
    ],
)
def test_problems_with_a_spec_have_their_fields(expected: list[FieldProblem], text: str) -> None:
    """What kops says about several fields at once is taken apart."""
    assert expected == kops_answers.field_problems(text)


@pytest.mark.parametrize(
    ("expected", "path"),
    [("spec.subnets[0].zone", ("spec", "subnets", 0, "zone")), ("", ()), ("spec", ("spec",))],
)
def test_a_field_is_written_as_kops_writes_it(expected: str, path: tuple[str | int, ...]) -> None:
    """Items of lists stand in brackets."""
    assert expected == FieldProblem(path, "").field


PREVIEW = """\
Will create resources:
  AutoscalingGroup/nodes.demo.k8s.local
  \tGranularity         \t1Minute
  \tMaxSize             \t3

  LaunchTemplate/nodes.demo.k8s.local
  \tImageID             \tami-1

Will modify resources:
  ManagedFile/cluster-completed.spec
  \tContents            \t
  \t                    \t  ...
  \t                    \t- a: 1
  \t                    \t+ a: 2

Items will be deleted only when the --prune flag is specified:
  SecurityGroupRule    old rule

Items will be deleted during update:
  LaunchTemplate       lt-1

Must specify --yes to apply changes
"""


def test_a_preview_is_read() -> None:
    """Names and fields of each section, with the spaces of the table taken out."""
    found = kops_answers.read_preview(PREVIEW)
    assert found.creates == ("AutoscalingGroup/nodes.demo.k8s.local", "LaunchTemplate/nodes.demo.k8s.local")
    assert found.modifies == {"ManagedFile/cluster-completed.spec": ("Contents", "...", "- a: 1", "+ a: 2")}
    assert found.deletes == ("LaunchTemplate lt-1",)
    assert found.leftovers == ("SecurityGroupRule old rule",)
    assert not found.empty


@pytest.mark.parametrize(
    "stdout",
    [
        "No changes need to be applied\n",
        (
            "Items will be deleted only when the --prune flag is specified:\n  SecurityGroupRule  x\n\n"
            "Must specify --yes to apply changes\n"
        ),
    ],
)
def test_nothing_to_do_is_nothing_to_do(stdout: str) -> None:
    """What only a prune removes is no reason to update: it would be there again at the next run."""
    assert kops_answers.read_preview(stdout).empty


ROLLING = """\
NAME\t\t\tSTATUS\t\tNEEDUPDATE\tREADY\tMIN\tTARGET\tMAX
control-plane-a\t\tNeedsUpdate\t1\t\t0\t1\t1\t1
nodes-a\t\t\tReady\t\t0\t\t2\t2\t2\t2

Must specify --yes to rolling-update.
"""


def test_instance_groups_that_are_out_of_date_are_counted() -> None:
    """Groups whose instances are all new are left out."""
    assert kops_answers.needing_update(ROLLING) == {"control-plane-a": 1}
    assert kops_answers.needing_update("NAME\tSTATUS\tNEEDUPDATE\n\nNo rolling-update required.\n") == {}


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (kops_answers.read_preview, ""),
        (kops_answers.read_preview, "Will create resources:\n  A/b\n"),
        (kops_answers.needing_update, ""),
        (kops_answers.needing_update, "garbage\n"),
        (kops_answers.needing_update, "Must specify --yes to rolling-update.\n"),
        (kops_answers.objects, ""),
        (kops_answers.objects, "{}"),
        (kops_answers.objects, "[1]"),
        (kops_answers.objects, "\x00"),
        (kops_answers.public_keys, "[1]"),
        (kops_answers.public_keys, '[{"id": "x"}]'),
        (kops_answers.public_keys, "<html>"),
    ],
)
def test_what_cannot_be_understood_is_an_error(read: object, text: str) -> None:
    """Half an answer is not taken for an answer."""
    with pytest.raises(errors.ToolError):
        read(text)


@pytest.mark.parametrize(
    ("expected", "text"), [([], "null"), ([], "[]"), (["ssh-rsa A"], '[{"id":"x","publicKey":"ssh-rsa A\\n"}]')]
)
def test_keys_are_read(expected: list[str], text: str) -> None:
    """It prints `null` where there are none; a line feed at the end is no part of a key."""
    assert expected == kops_answers.public_keys(text)


@pytest.mark.parametrize(("expected", "text"), [(480.0, "8m"), (5400.0, "1h30m"), (0.5, "500ms"), (90.0, "1.5m")])
def test_durations_are_those_of_go(expected: float, text: str) -> None:
    """Several units follow each other."""
    assert expected == kops.duration(text)


@pytest.mark.parametrize("text", ["", "8", "m", "8 m", "-8m", "8m!", "8x"])
def test_other_durations_are_refused(text: str) -> None:
    """A number without a unit means nothing to kops."""
    with pytest.raises(ValueError, match="is no duration"):
        kops.duration(text)


def test_targets_are_told_apart() -> None:
    """Same name in another state store is another cluster."""
    assert str(DEMO) == "demo.k8s.local in s3://state"
    assert DEMO.short != Target("demo.k8s.local", "s3://other").short
    assert DEMO.short.isalnum()
