"""What the options of minikube, kind and k3d mean, as tables."""

from __future__ import annotations

from argparse import Namespace

import pytest

from kubernator import errors
from kubernator.tools import localcluster


@pytest.mark.parametrize("name", ["default", "web-1", "My_Web.2", "1"])
def test_profile(name):
    """A profile is a plain name."""
    assert name == localcluster.profile(name)


@pytest.mark.parametrize("name", ["", "-p", ".", "..", "a/b", "a b", "ä", "a\n", None, 1])
def test_a_profile_that_is_none(name):
    """What would be an option, or another directory, is refused."""
    with pytest.raises(localcluster.WrongOption, match="`profile` cannot be"):
        localcluster.profile(name)


@pytest.mark.parametrize(
    ("nodes", "control_plane_nodes", "said"),
    [
        (0, 1, "`nodes` cannot be `0`"),
        (-1, 1, "`nodes` cannot be `-1`"),
        ("2", 1, "`nodes` cannot be `2`"),
        (True, 1, "`nodes` cannot be `True`"),
        (1, 0, "`control_plane_nodes` cannot be `0`"),
        (1, 2, r"`control_plane_nodes` \(2\) cannot be more than `nodes` \(1\)"),
    ],
)
def test_nodes_that_cannot_be(nodes, control_plane_nodes, said):
    """Wrong numbers are errors of the reference's class, and of ours."""
    with pytest.raises(RuntimeError, match=said) as caught:
        localcluster.check_nodes(nodes=nodes, control_plane_nodes=control_plane_nodes)
    assert isinstance(caught.value, errors.PluginError)


@pytest.mark.parametrize(
    ("version", "expected"),
    [("1.35.3", (1, 35, 3)), ("1.28", (1, 28)), ("1.36.0-rc.1", (1, 36, 0)), (None, None)],
)
def test_kube_tuple(version, expected):
    """A version is numbers, as far as it has any."""
    assert expected == localcluster.kube_tuple(version)


@pytest.mark.parametrize("version", ["latest", "", "stable-1"])
def test_a_version_without_numbers(version):
    """A word is no version."""
    with pytest.raises(localcluster.WrongOption, match="`k8s_version` cannot be"):
        localcluster.kube_tuple(version)


@pytest.mark.parametrize(
    ("given", "version", "suffix", "expected"),
    [
        ("mine:1", None, "", "mine:1"),
        ("mine:1", "1.2.3", "", "mine:1"),
        (None, "1.2.3", "", "reg:v1.2.3"),
        ("", "1.2.3", "-k3s1", "reg:v1.2.3-k3s1"),
    ],
)
def test_image(given, version, suffix, expected):
    """The image is the one given, else that of the version."""
    assert expected == localcluster.image(given, registry="reg", version=version, suffix=suffix)


def test_no_image():
    """One of the two is needed."""
    with pytest.raises(RuntimeError, match="`k8s_version` or `node_image` is needed"):
        localcluster.image(None, registry="reg", version=None)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, []),
        ([], []),
        (["a b", 1], ["a b", "1"]),
        (("x",), ["x"]),
        ("--memory 4g --opt 'a b'", ["--memory", "4g", "--opt", "a b"]),
    ],
)
def test_words(value, expected):
    """A list is taken as it is, a text is split as a shell does."""
    assert expected == localcluster.words("extra_args", value)


@pytest.mark.parametrize("value", ["it's", 5])
def test_words_that_are_none(value):
    """What cannot be split is an error that names the option."""
    with pytest.raises(localcluster.WrongOption, match="`extra_args` cannot be"):
        localcluster.words("extra_args", value)


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        ({"containerPort": 80}, "80"),
        ({"containerPort": 80, "hostPort": 8080}, "8080:80"),
        ({"containerPort": 80, "hostPort": 8080, "protocol": "UDP"}, "8080:80/UDP"),
        ({"containerPort": 80, "hostPort": 8080, "listenAddress": "127.0.0.1"}, "127.0.0.1:8080:80"),
        ({"containerPort": 80, "listenAddress": "127.0.0.1"}, "127.0.0.1::80"),
    ],
)
def test_ports_of_k3d(port, expected):
    """A port is written as Docker has it."""
    made = localcluster.k3d_config(image="i", ports=[port])
    assert made is not None
    assert made["ports"] == [{"port": expected, "nodeFilters": ["loadbalancer"]}]


@pytest.mark.parametrize("ports", [["80:80"], "80:80", [{"hostPort": 80}], [5]])
@pytest.mark.parametrize("make", [localcluster.kind_config, lambda **more: localcluster.k3d_config(image="i", **more)])
def test_ports_that_are_none(make, ports):
    """A port without a port of the container is refused."""
    with pytest.raises(localcluster.WrongOption, match="`extra_port_mappings` cannot have"):
        make(ports=ports)


@pytest.mark.parametrize("option", ["feature_gates", "runtime_config"])
@pytest.mark.parametrize("make", [localcluster.kind_config, lambda **more: localcluster.k3d_config(image="i", **more)])
def test_switches_that_are_none(make, option):
    """Switches are a dict."""
    with pytest.raises(localcluster.WrongOption, match=f"`{option}` cannot be `A=true`"):
        make(**{option: "A=true"})


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, None),
        ({"nodes": 2}, [{"role": "control-plane"}, {"role": "worker"}]),
        ({"nodes": 2, "control_plane_nodes": 2}, [{"role": "control-plane"}, {"role": "control-plane"}]),
        (
            {"nodes": 2, "control_plane_nodes": 2, "ports": [{"containerPort": 1}]},
            [{"role": "control-plane", "extraPortMappings": [{"containerPort": 1}]}, {"role": "control-plane"}],
        ),
    ],
)
def test_nodes_of_kind(options, expected):
    """Nodes are listed, ports are at the first; a configuration is made only where it says something."""
    made = localcluster.kind_config(**options)
    assert expected == (made and made["nodes"])


def test_k3d_needs_no_configuration():
    """One node as it comes is no configuration."""
    assert localcluster.k3d_config(image="i") is None


APPLY = Namespace(command="apply", dry_run=False)
LOOKING = [Namespace(command=verb, dry_run=dry) for verb, dry in (("apply", True), ("dump", False), ("lock", True))]


@pytest.mark.parametrize("args", LOOKING)
def test_only_apply_yes_deletes(args, caplog):
    """`start_fresh` counts for `apply --yes`; else there is a warning, and only if it was asked for."""
    assert not localcluster.starts_fresh(args, {"start_fresh": "", "profile": "web"})
    assert caplog.messages == []
    assert not localcluster.starts_fresh(args, {"start_fresh": True, "profile": "web"})
    assert caplog.messages == ["`start_fresh` is left to `apply --yes`: `web` is taken as it is"]
    assert localcluster.starts_fresh(APPLY, {"start_fresh": "1", "profile": "web"})


@pytest.mark.parametrize(
    ("args", "keep", "was_up", "expected"),
    [
        (APPLY, False, False, False),
        (APPLY, False, True, False),
        (APPLY, "1", False, True),
        *((args, "", True, True) for args in LOOKING),
        *((args, "", False, False) for args in LOOKING),
    ],
)
def test_what_stays(args, keep, was_up, expected):
    """A cluster goes on if that was asked for, or if it was up and the run only looks."""
    assert expected == localcluster.stays(args, {"keep_running": keep}, was_up=was_up)
