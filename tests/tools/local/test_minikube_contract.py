"""minikube by contract: what it is told, to the letter.

The programs are stand-ins that write down their command lines; `localfakes` says why.
"""

from __future__ import annotations

import json

import pytest
from localfakes import APPLY, Machine, mode, option

pytestmark = pytest.mark.contract

WITH_KUBECTL = 'ktor.app.register_plugin("kubectl")\n'
MINIKUBE = WITH_KUBECTL + 'ktor.app.register_plugin("minikube", k8s_version="1.35.3"{})\n'


def mini(*lines: str) -> list[str]:
    return [f"minikube -p default {line}" for line in lines]


START = (
    "start --driver docker --kubernetes-version 1.35.3 --wait apiserver --nodes 1"
    " --addons volumesnapshots --addons csi-hostpath-driver --cpus no-limit"
)
SET_UP = ("update-context", "addons disable storage-provisioner", "addons disable default-storageclass")


def kubectl(machine: Machine, *lines: str) -> list[str]:
    return [f"kubectl --kubeconfig={machine.kubeconfig('minikube')} {line}" for line in lines]


GET = "get storageclass csi-hostpath-sc --ignore-not-found --output=json"
CREATE_CLASS = "create --filename=-"


@pytest.mark.parametrize("verb", [("dump",), ("apply",), APPLY])
def test_minikube_is_made_and_stopped(machine, verb):
    """A cluster that is not there is started in every mode, with volumes by CSI, and stopped at the end."""
    ran = machine.run(MINIKUBE.format(""), *verb)
    assert ran.code == 0, ran.err
    assert machine.lines == [
        *mini("status", START, *SET_UP),
        *kubectl(machine, GET, CREATE_CLASS),
        *mini("stop"),
    ]
    env = machine.said_to("minikube -p default start")["env"]
    home = machine.kubeconfig("minikube").parents[2]
    assert env == {
        "MINIKUBE_HOME": str(home),
        "KUBECONFIG": f"{home}/.kube/default/config",
        "KIND_EXPERIMENTAL_PROVIDER": None,
    }
    made = machine.told[-2]["stdin"]
    assert '"volumeBindingMode": "WaitForFirstConsumer"' in made
    assert '"storageclass.kubernetes.io/is-default-class": "true"' in made


@pytest.mark.parametrize(
    ("options", "start"),
    [
        ('driver="kvm2", cpus=2', "--driver kvm2 --kubernetes-version 1.35.3 --wait apiserver --nodes 1 ADDONS"),
        ("nodes=3, cpus=2", "--driver docker --kubernetes-version 1.35.3 --wait apiserver --nodes 3 ADDONS --cpus 2"),
        (
            'extra_args=["--memory=4g"], extra_addons=["ingress"]',
            (
                "--driver docker --kubernetes-version 1.35.3 --wait apiserver --nodes 1 ADDONS --addons ingress"
                " --cpus no-limit --memory=4g"
            ),
        ),
        (
            "extra_args=\"--memory 4g --docker-opt 'a b'\"",
            (
                "--driver docker --kubernetes-version 1.35.3 --wait apiserver --nodes 1 ADDONS"
                " --cpus no-limit --memory 4g --docker-opt a b"
            ),
        ),
    ],
)
def test_start_of_minikube(machine, options, start):
    """Every option reaches `minikube start`, `extra_args` too, which the reference forgot."""
    ran = machine.run(MINIKUBE.format(option(options)))
    assert ran.code == 0, ran.err
    addons = "--addons volumesnapshots --addons csi-hostpath-driver"
    assert mini(f"start {start.replace('ADDONS', addons)}")[0] in machine.lines


@pytest.mark.parametrize(
    ("state", "options", "verb", "expected"),
    [
        ("down", "", ("dump",), ["status", START, *SET_UP, "class", "stop"]),
        ("up", "", ("dump",), ["status", "update-context"]),
        ("up", "", APPLY, ["status", *SET_UP, "class", "stop"]),
        ("up", "keep_running=True", APPLY, ["status", *SET_UP, "class"]),
        ("up", "start_fresh=True", ("apply",), ["status", "update-context"]),
        ("up", "start_fresh=True", APPLY, ["status", "stop", "delete", START, *SET_UP, "class", "stop"]),
        ("down", "start_fresh=True", APPLY, ["status", "delete", START, *SET_UP, "class", "stop"]),
    ],
)
def test_minikube_that_is_there(machine, state, options, verb, expected):
    """A cluster that is there is woken if it must be, deleted by `start_fresh` of `apply --yes`, else left alone."""
    machine.state(default=state)
    ran = machine.run(MINIKUBE.format(option(options)), *verb)
    assert ran.code == 0, ran.err
    wanted = [
        line for each in expected for line in (kubectl(machine, GET, CREATE_CLASS) if each == "class" else mini(each))
    ]
    assert machine.lines == wanted


DEFAULT = "storageclass.kubernetes.io/is-default-class"


@pytest.mark.parametrize(
    ("default", "binding", "expected"),
    [
        ("true", "WaitForFirstConsumer", []),
        ("true", "Immediate", ["delete storageclass csi-hostpath-sc", CREATE_CLASS]),
        ("false", "WaitForFirstConsumer", ["delete storageclass csi-hostpath-sc", CREATE_CLASS]),
    ],
)
def test_storage_class_of_minikube(machine, default, binding, expected):
    """A class that is as wanted is left alone; how one binds cannot be changed, so another is made anew."""
    found = {"metadata": {"annotations": {DEFAULT: default}}, "volumeBindingMode": binding}
    (machine.home / "class.json").write_text(json.dumps(found))
    ran = machine.run(MINIKUBE.format(", keep_running=True"))
    assert ran.code == 0, ran.err
    assert machine.lines[5:] == kubectl(machine, GET, *expected)


def test_minikube_that_is_slow_to_stop(machine):
    """A stop that takes too long is a warning, another failure of it an error."""
    machine.trouble(**{"minikube_-p_default_stop": [82, "GUEST_STOP_TIMEOUT\n"]})
    ran = machine.run(MINIKUBE.format(""))
    assert ran.code == 0, ran.err
    assert "the cluster `default` may be running still" in ran.err
    machine.trouble(**{"minikube_-p_default_stop": [80, "GUEST_STOP\n"]})
    ran = machine.run(MINIKUBE.format(""), *APPLY)
    assert ran.code == 1
    assert "GUEST_STOP" in ran.err


def test_minikube_that_does_not_start(machine):
    """What minikube says is the error."""
    machine.trouble(**{"minikube_-p_default_start": [69, "Exiting due to PROVIDER_DOCKER_NOT_RUNNING: no docker\n"]})
    ran = machine.run(MINIKUBE.format(""))
    assert ran.code == 1
    assert "Exiting due to PROVIDER_DOCKER_NOT_RUNNING: no docker" in ran.err
    assert "exit code   69" in ran.err


def test_members_of_minikube(machine):
    """Scripts read back what was asked for and what came of it, and run minikube for this profile."""
    ran = machine.run(
        MINIKUBE.format(', profile="my-web_1.2", extra_addons=["ingress"], keep_running=True')
        + """
seen = ktor.minikube
print((seen.profile, seen.version, seen.k8s_version, seen.k8s_version_tuple, seen.nodes, seen.driver), flush=True)
print((seen.keep_running, seen.start_fresh, seen.cpus, seen.extra_args, seen.extra_addons), flush=True)
print(seen.minikube_file, seen.kubeconfig, ktor.kubeconfig.kubeconfig)
seen.cmd("image", "load", "web:1")
print(seen.cmd_out("version"))
"""
    )
    assert ran.code == 0, ran.err
    kubeconfig = machine.kubeconfig("minikube", "my-web_1.2")
    assert ran.out.splitlines()[:3] == [
        "('my-web_1.2', '1.99.3', '1.35.3', (1, 35, 3), 1, 'docker')",
        "(True, False, 'no-limit', None, ['ingress'])",
        f"{machine.bin}/minikube {kubeconfig} {kubeconfig}",
    ]
    assert "minikube -p my-web_1.2 image load web:1" in machine.lines
    assert mode(kubeconfig.parent) == "700"
