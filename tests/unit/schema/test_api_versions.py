"""Which versions of kinds Kubernetes has given up."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kubernator.model.diagnostics import Severity
from kubernator.model.gvk import GroupVersionKind
from kubernator.schema import bundle
from kubernator.schema.versions import check_version


@pytest.mark.parametrize(
    ("api_version", "kind", "minor", "severity", "words"),
    [
        (
            "extensions/v1beta1",
            "DaemonSet",
            37,
            Severity.ERROR,
            "extensions/v1beta1 DaemonSet is deprecated in v1.8+, unavailable in v1.16+; use apps/v1 DaemonSet",
        ),
        (
            "policy/v1beta1",
            "PodSecurityPolicy",
            34,
            Severity.ERROR,
            "policy/v1beta1 PodSecurityPolicy is deprecated in v1.21+, unavailable in v1.25+",
        ),
        (
            "batch/v2alpha1",
            "CronJob",
            37,
            Severity.ERROR,
            "batch/v2alpha1 CronJob is unavailable in v1.21+; use batch/v1 CronJob",
        ),
        (
            "v1",
            "Endpoints",
            37,
            Severity.WARNING,
            "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
        ),
        ("v1", "ComponentStatus", 34, Severity.WARNING, "v1 ComponentStatus is deprecated in v1.19+"),
        (
            "resource.k8s.io/v1beta1",
            "ResourceClaim",
            37,
            Severity.WARNING,
            (
                "resource.k8s.io/v1beta1 ResourceClaim is deprecated in v1.35+, unavailable in v1.38+; "
                "use resource.k8s.io/v1 ResourceClaim"
            ),
        ),
    ],
)
def test_given_up_versions_are_told_with_what_to_write_instead(
    api_version: str, kind: str, minor: int, severity: Severity, words: str
) -> None:
    """What is gone is an error, what will go a warning, in the server's words."""
    fault = check_version(GroupVersionKind.of(api_version, kind), minor)
    assert fault is not None
    assert (("apiVersion",), severity, words) == (fault.path, fault.severity, fault.message)


def test_what_is_deprecated_is_gone_later() -> None:
    """The same version is a warning first, and an error from its removal on."""
    gvk = GroupVersionKind("storage.k8s.io", "v1beta1", "VolumeAttributesClass")
    severities = [fault and fault.severity for fault in (check_version(gvk, minor) for minor in (33, 34, 36, 37))]
    assert severities == [None, Severity.WARNING, Severity.WARNING, Severity.ERROR]


@pytest.mark.parametrize(
    ("api_version", "kind", "minor"),
    [
        ("apps/v1", "Deployment", 37),
        ("example.com/v1beta1", "Ingress", 37),
        ("admissionregistration.k8s.io/v1beta1", "MutatingAdmissionPolicy", 36),
        ("extensions/v1beta1", "Thing", 37),
    ],
)
def test_nothing_is_said_of_other_versions(api_version: str, kind: str, minor: int) -> None:
    """Kinds that are served, and those that nobody knows, are left alone."""
    assert check_version(GroupVersionKind.of(api_version, kind), minor) is None


def kinds_of(minor: int) -> set[GroupVersionKind]:
    """Return all kinds that servers of a version may serve."""
    served = bundle.load(minor)
    return {kind.gvk for kind in (*served.kinds(), *served.optional())}


@pytest.mark.parametrize("minor", bundle.MINORS)
def test_what_a_version_serves_is_not_called_gone(minor: int) -> None:
    """Nothing is an error of which there is a schema; and what is replaced is replaced by what there is."""
    there = kinds_of(minor)
    assert [gvk for gvk in there if (fault := check_version(gvk, minor)) and fault.severity is Severity.ERROR] == []
    later = set().union(*(kinds_of(each) for each in bundle.MINORS if each >= minor))
    for gvk in there:
        fault = check_version(gvk, minor)
        if fault is not None and "; use " in fault.message:
            api_version, _, kind = fault.message.rpartition("; use ")[2].partition(" ")
            assert GroupVersionKind.of(api_version, kind) in later


def test_the_page_says_the_same() -> None:
    """Every line of the page is what is found, and a warning becomes an error in the version that it names."""
    page = (Path(__file__).parents[3] / "docs" / "reference" / "api-versions.md").read_text()
    lines = re.findall(r"^\| `(\S+)` \| (.+?) \| (?:1\.(\d+))? \| (?:1\.(\d+))? \| (.*)\|$", page, re.MULTILINE)
    assert len(lines) > 60
    for api_version, kinds, deprecated, gone, instead in lines:
        for kind in kinds.split(", "):
            gvk = GroupVersionKind.of(api_version, kind)
            first = int(deprecated or gone)
            assert check_version(gvk, first - 1) is None
            fault = check_version(gvk, int(gone or deprecated))
            assert fault is not None
            assert bool(gone) is (fault.severity is Severity.ERROR)
            assert instead.replace("`", "").strip() in fault.message
