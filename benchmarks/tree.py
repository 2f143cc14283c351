"""Write a directory tree of mixed objects, the same one for the same numbers.

``python -m benchmarks.tree DIRECTORY OBJECTS`` writes one to look at. 30 % ConfigMaps (1 to 4 kB), 10 % Secrets, 15 %
Deployments, 15 % Services, 10 % ServiceAccounts, 5 % each Roles, RoleBindings, CronJobs and NetworkPolicies, and 10
Namespaces, five documents a file, in ten directories.
"""

from __future__ import annotations

import base64
import json
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["MAKERS", "NAMESPACES", "change", "made", "manifests", "namespaces", "pod", "save", "write"]

NAMESPACES = 10
DOCUMENTS = 5

_KINDS = ["ConfigMap"] * 6 + ["Secret"] * 2 + ["Deployment"] * 3 + ["Service"] * 3 + ["ServiceAccount"] * 2
_KINDS += ["Role", "RoleBinding", "CronJob", "NetworkPolicy"]


def write(directory: Path, objects: int, *, prefix: str = "bench") -> None:
    """Write the tree: ``objects`` objects besides the namespaces."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / ".kubernator.py").write_text('ktor.app.register_plugin("k8s")\n')
    save(directory / "namespaces.yaml", namespaces(prefix=prefix))
    places: list[list[dict[str, Any]]] = [[] for _ in range(NAMESPACES)]
    for number, manifest in enumerate(manifests(objects, prefix=prefix)):
        places[_turn(number)].append(manifest)
    for number, found in enumerate(places):
        below = directory / f"team-{number}"
        below.mkdir(exist_ok=True)
        for start in range(0, len(found), DOCUMENTS):
            save(below / f"part-{start // DOCUMENTS:03}.yaml", found[start : start + DOCUMENTS])


def change(directory: Path) -> None:
    """Change one value of one object of a tree, the first ConfigMap's."""
    path = directory / "team-0" / "part-000.yaml"
    path.write_text(path.read_text().replace('key-0: "value', 'key-0: "changed', 1))


def namespaces(*, prefix: str = "bench") -> list[dict[str, Any]]:
    """Return the namespaces of a tree."""
    return [made("v1", "Namespace", f"{prefix}-{number}") for number in range(NAMESPACES)]


def manifests(objects: int, *, prefix: str = "bench") -> Iterator[dict[str, Any]]:
    """Yield the objects, kinds in turn, namespaces in turn."""
    dice = random.Random(objects)  # noqa: S311 - reproducible, not secret
    for number in range(objects):
        kind = _KINDS[number % len(_KINDS)]
        yield MAKERS[kind](f"{kind.lower()}-{number}", f"{prefix}-{_turn(number)}", dice)


def _turn(number: int) -> int:
    """Return the namespace of an object, such that every kind comes to every namespace."""
    return (number + number // len(_KINDS)) % NAMESPACES


def save(path: Path, manifests: list[dict[str, Any]]) -> None:
    """Write a file of objects."""
    # JSON is YAML, but nobody writes it: block style by hand keeps the reading costs honest
    path.write_text("---\n".join(_block(manifest) for manifest in manifests))


def _block(value: dict[str, Any], indent: int = 0) -> str:
    lines = ""
    for key, item in value.items():
        lead = " " * indent + f"{key}:"
        match item:
            case dict() if item:
                lines += f"{lead}\n{_block(item, indent + 2)}"
            case list() if item and isinstance(item[0], dict):
                lines += f"{lead}\n"
                for entry in item:
                    text = _block(entry, indent + 2)
                    lines += " " * indent + "- " + text[indent + 2 :]
            case _:
                lines += f"{lead} {json.dumps(item)}\n"
    return lines


def made(api_version: str, kind: str, name: str, namespace: str = "", **fields: Any) -> dict[str, Any]:
    """Return an object."""
    metadata = {
        "name": name,
        **({"namespace": namespace} if namespace else {}),
        "labels": {"app": name, "tier": "bench"},
    }
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}


def _config_map(name: str, namespace: str, dice: random.Random) -> dict[str, Any]:
    words = {f"key-{number}": "value " * dice.randint(5, 20) for number in range(dice.randint(8, 30))}
    return made("v1", "ConfigMap", name, namespace, data=words)


def _secret(name: str, namespace: str, dice: random.Random) -> dict[str, Any]:
    value = base64.b64encode(dice.randbytes(48)).decode()
    return made("v1", "Secret", name, namespace, type="Opaque", data={"token": value})


def pod(name: str, dice: random.Random) -> dict[str, Any]:
    """Return the spec of a Pod."""
    container = {
        "name": "main",
        "image": f"registry.example.test/{name}:{dice.randint(1, 9)}",
        "args": ["--verbose", f"--name={name}"],
        "env": [{"name": f"SETTING_{number}", "value": str(number)} for number in range(8)],
        "ports": [{"name": "http", "containerPort": 8080}],
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
    }
    return {"containers": [container]}


def _deployment(name: str, namespace: str, dice: random.Random) -> dict[str, Any]:
    template = {"metadata": {"labels": {"app": name}}, "spec": pod(name, dice)}
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": template}
    return made("apps/v1", "Deployment", name, namespace, spec=spec)


def _service(name: str, namespace: str, _: random.Random) -> dict[str, Any]:
    spec = {"selector": {"app": name}, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]}
    return made("v1", "Service", name, namespace, spec=spec)


def _account(name: str, namespace: str, _: random.Random) -> dict[str, Any]:
    return made("v1", "ServiceAccount", name, namespace)


def _role(name: str, namespace: str, _: random.Random) -> dict[str, Any]:
    rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list"]}]
    return made("rbac.authorization.k8s.io/v1", "Role", name, namespace, rules=rules)


def _binding(name: str, namespace: str, _: random.Random) -> dict[str, Any]:
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
    subjects = [{"kind": "ServiceAccount", "name": "default", "namespace": namespace}]
    return made("rbac.authorization.k8s.io/v1", "RoleBinding", name, namespace, roleRef=role, subjects=subjects)


def _cron_job(name: str, namespace: str, dice: random.Random) -> dict[str, Any]:
    job = {"spec": {"template": {"spec": {**pod(name, dice), "restartPolicy": "Never"}}}}
    return made("batch/v1", "CronJob", name, namespace, spec={"schedule": "0 3 1 1 *", "jobTemplate": job})


def _policy(name: str, namespace: str, _: random.Random) -> dict[str, Any]:
    spec = {"podSelector": {"matchLabels": {"app": name}}, "policyTypes": ["Ingress"]}
    return made("networking.k8s.io/v1", "NetworkPolicy", name, namespace, spec=spec)


#: Kind -> what makes an object of it from a name, a namespace and chance.
MAKERS: dict[str, Callable[[str, str, random.Random], dict[str, Any]]] = {
    "ConfigMap": _config_map,
    "Secret": _secret,
    "Deployment": _deployment,
    "Service": _service,
    "ServiceAccount": _account,
    "Role": _role,
    "RoleBinding": _binding,
    "CronJob": _cron_job,
    "NetworkPolicy": _policy,
}

if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]))
