"""Why something that the server refuses is not found here, or at another field: by kind and by what the server says.

A reason that is not needed any more fails the suite, as does a miss without a reason.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from agreement.comparing import Result

__all__ = ["explained", "reasons"]

#: Why, pattern over what is said of an object, and the groups of objects in which it is met; those of objects that are
#: there already end in ``, there``.
_REASONS: Final[tuple[tuple[str, str, tuple[str, ...]], ...]] = (
    (
        "what is left out may be filled in again, as far as is known here",
        r": dropped: .*(immutable|pod updates)",
        (
            "batch/v1 Job, there",
            "v1 PersistentVolumeClaim, there",
            "v1 Pod, there",
        ),
    ),
    (
        "how the nodes of a volume may change is not known here",
        r"nodeAffinity(\.required)?: dropped: ",
        ("v1 PersistentVolume, there",),
    ),
    (
        "the name of what is there is not looked at again",
        r"spec\.(group|version): (another value|dropped): ",
        ("apiregistration.k8s.io/v1 APIService, there",),
    ),
    (
        "in which versions objects are stored is not looked at",
        r"status\.storedVersions",
        ("apiextensions.k8s.io/v1 CustomResourceDefinition, there",),
    ),
    (
        "only the cluster knows the classes and accounts that it has",
        r"no PriorityClass|RuntimeClass|serviceaccount|priority admission|containing namespace",
        (
            "Pod",
            "resource.k8s.io/v1 ResourceClaim",
            "resource.k8s.io/v1 ResourceClaimTemplate",
            "v1 Pod",
        ),
    ),
    (
        "only the cluster knows which addresses it has",
        r"valid range|dual-stack",
        (
            "Service",
            "v1 Service",
        ),
    ),
    (
        "which values there are depends on feature gates of the server",
        r"offered (Gt|Lt|Recreate): ",
        (
            "apps/v1 StatefulSet",
            "v1 Pod",
        ),
    ),
    (
        "what a write says about the object that it expects is not part of the object",
        r"metadata\.(managedFields|resourceVersion|uid): added",
        (
            "Estate",
            "Gadget",
            "Gate",
            "Plain",
            "Shop",
            "v1 ConfigMap",
            "v1 Secret",
        ),
    ),
    (
        "the time zones are those of the server",
        r"unknown time zone",
        (
            "CronJob",
            "batch/v1 CronJob",
        ),
    ),
    (
        "the expression is nested more deeply than is looked at here",
        r": (a sum of a thousand|brackets) ?",
        ("hostile definitions",),
    ),
    (
        "kinds of others are not known without their definitions",
        r"no\.such\.example\.com",
        ("versions",),
    ),
    (
        "raw data may be anything here, and must be a map there",
        r"must be a valid JSON object",
        ("apps/v1 ControllerRevision",),
    ),
    (
        "the source of a claim inside a pod is not looked at",
        r"ephemeral\.volumeClaimTemplate\.spec\.dataSource",
        (
            "v1 Pod",
            "v1 PodTemplate",
        ),
    ),
    (
        "the server names the name where the namespace is missing, and the other way round",
        r"clientConfig\.service\.",
        (
            "ValidatingWebhookConfiguration",
            "admissionregistration.k8s.io/v1 MutatingWebhookConfiguration",
            "admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration",
            "admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration, there",
        ),
    ),
    (
        "the server writes the name of the field in another way",
        r"spec\.attachedRequired",
        ("storage.k8s.io/v1 CSIDriver, there",),
    ),
    (
        "the server tells a missing selector as labels that it does not select",
        r"does not match template .* / ours: spec\.selector@",
        (
            "DaemonSet",
            "apps/v1 DaemonSet",
        ),
    ),
    (
        "the server counts the volumes of claims among those of the pod, and first",
        r"spec\.template\.spec\.volumes\[\d",
        (
            "StatefulSet",
            "apps/v1 StatefulSet",
            "apps/v1 StatefulSet, there",
        ),
    ),
    (
        "the server looks at the namespace only where it knows the scope",
        r"parameters\.scope: empty",
        ("networking.k8s.io/v1 IngressClass",),
    ),
)


#: The same of servers older than the newest one.
_OLDER: Final[tuple[tuple[str, str, tuple[str, ...]], ...]] = (
    (
        "the key is named where newer servers name the map that it stands in",
        r"devices\.\*\.(attributes|capacity)\..*: a key that is (empty|spaced): ",
        ("resource.k8s.io/v1 ResourceSlice",),
    ),
    (
        "the name of what is there twice is named where newer servers name the whole",
        r": its first item twice: ",
        (
            "resource.k8s.io/v1 ResourceClaim",
            "resource.k8s.io/v1 ResourceClaimTemplate",
            "resource.k8s.io/v1 ResourceSlice",
        ),
    ),
)


def reasons(group: str, *, newest: bool) -> dict[str, str]:
    """Return for a group of objects pattern -> why; ``newest`` is the version of the server."""
    tables = _REASONS if newest else (*_REASONS, *_OLDER)
    return {pattern: why for why, pattern, groups in tables if group in groups}


def explained(results: Iterable[Result], reasons: Mapping[str, str]) -> tuple[list[str], list[Result], list[str]]:
    """Return the reason for each that has one, those without, and the patterns that none needed."""
    why, without, needed = [], [], set()
    for result in results:
        found = next((pattern for pattern in reasons if re.search(pattern, str(result))), None)
        if found is None:
            without.append(result)
        else:
            needed.add(found)
            why.append(reasons[found])
    return why, without, [pattern for pattern in reasons if pattern not in needed]
