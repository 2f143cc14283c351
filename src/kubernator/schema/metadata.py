"""What the API server asks of ``metadata``: the name that a kind allows, labels, annotations, owners and finalizers.

Source: k8s.io/apimachinery, package ``api/validation``, and the ``validation`` packages of Kubernetes' kinds, which
differ only in what a name may be. The server looks at a name when it makes an object, and never again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kubernator.schema import labelling, names
from kubernator.schema.fault import is_builtin_group

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kubernator.model.gvk import GroupVersionKind
    from kubernator.schema.builtin.field import Field

__all__ = ["check_fields", "check_metadata"]

_RBAC: Final = "rbac.authorization.k8s.io"
#: Kinds whose name is not a subdomain -> what says what is wrong with it.
_NAMES: Final[Mapping[tuple[str, str], Callable[[str], str]]] = {
    ("", "Namespace"): names.dns_label,
    ("", "Service"): names.dns_label,
    ("apps", "StatefulSet"): names.dns_label,
    ("coordination.k8s.io", "LeaseCandidate"): names.config_map_key,
    # Only what every name must be; where the kind asks for more, it has to do with other fields.
    **dict.fromkeys(
        (
            ("", "Event"),
            ("apiextensions.k8s.io", "CustomResourceDefinition"),
            ("apiregistration.k8s.io", "APIService"),
            ("certificates.k8s.io", "CertificateSigningRequest"),
            ("certificates.k8s.io", "ClusterTrustBundle"),
            ("internal.apiserver.k8s.io", "StorageVersion"),
            ("networking.k8s.io", "IPAddress"),
            ("policy", "PodDisruptionBudget"),
            (_RBAC, "ClusterRole"),
            (_RBAC, "ClusterRoleBinding"),
            (_RBAC, "Role"),
            (_RBAC, "RoleBinding"),
        ),
        names.path_segment,
    ),
}
#: Kinds of which only the name is looked at that is made of a prefix.
_FREE_PREFIXES: Final = frozenset({("", "ReplicationController"), ("resource.k8s.io", "DeviceClass")})
#: Since this minor version a Service may begin with a digit.
_RELAXED_SERVICES: Final = 36
#: A CronJob adds the time to its name for its Jobs.
_LONGEST_CRON_JOB: Final = 52
_LONGEST_PREFIX: Final = 58
#: Groups whose kinds are asked, not kept: nobody looks at their names.
_ASKED: Final = frozenset({"authentication.k8s.io", "authorization.k8s.io"})
#: Groups whose kinds may have finalizers of any qualified name; the others want a domain in them.
_FREE_FINALIZERS: Final = frozenset(
    {
        *("admissionregistration.k8s.io", "apiextensions.k8s.io", "apiregistration.k8s.io", "coordination.k8s.io"),
        *("node.k8s.io", "policy"),
    }
)
_ORPHAN: Final = "orphan"
_FOREGROUND: Final = "foregroundDeletion"
_STANDARD_FINALIZERS: Final = frozenset({"kubernetes", _ORPHAN, _FOREGROUND})
_OWNER_FIELDS: Final = ("apiVersion", "kind", "name", "uid")


def check_metadata(root: Field, gvk: GroupVersionKind, *, custom: bool, stored: bool = False) -> None:
    """Add what is wrong with the metadata of an object.

    ``custom`` says that a definition made the kind. ``stored`` says that the cluster has the object already, so that
    its name is not looked at. Nothing is said of kinds that somebody else's API server keeps.
    """
    if custom or is_builtin_group(gvk.group):
        if not stored:
            _check_name(root, gvk)
        check_fields(root["metadata"], free=custom or gvk.group in _FREE_FINALIZERS)


def check_fields(metadata: Field, *, free: bool) -> None:
    """Add what is wrong with metadata besides the name; ``free`` allows finalizers without a domain."""
    namespace = metadata["namespace"]
    if namespace.text:
        namespace.complain(names.dns_label(namespace.text))
    labelling.check(metadata["labels"])
    labelling.check_annotations(metadata["annotations"])
    _check_owners(metadata["ownerReferences"])
    _check_finalizers(metadata["finalizers"], free=free)


def _check_name(root: Field, gvk: GroupVersionKind) -> None:
    if gvk.group in _ASKED:
        return
    name = root["metadata"]["name"]
    rule = _NAMES.get((gvk.group, gvk.kind), names.dns_subdomain)
    if (gvk.group, gvk.kind) == ("", "Service") and root.minor < _RELAXED_SERVICES:
        rule = names.dns_1035_label
    if name.text:
        name.complain(rule(name.text) or _own_rule(root, gvk, name.text))
        return
    generated = root["metadata"]["generateName"]
    if not generated.text:
        name.required("name or generateName is required")
        return
    made = _generated(generated.text)
    strict = gvk.group == _RBAC or (rule is not names.path_segment and (gvk.group, gvk.kind) not in _FREE_PREFIXES)
    complaint = rule(_filled(generated.text)) if strict else ""
    generated.complain(complaint or rule(made) or _own_rule(root, gvk, made))


def _own_rule(root: Field, gvk: GroupVersionKind, name: str) -> str:
    """Return what is wrong with a name that is otherwise right, by what else the object says."""
    match gvk.group, gvk.kind:
        case "batch", "CronJob" if len(name) > _LONGEST_CRON_JOB:
            return f"must be no more than {_LONGEST_CRON_JOB} characters"
        case "apiregistration.k8s.io", "APIService":
            spec = root["spec"]
            wanted = f"{spec['version'].text}.{spec['group'].text}"
            return "" if name == wanted else f'must be `spec.version+"."+spec.group`: "{wanted}"'
        case "certificates.k8s.io", "ClusterTrustBundle":
            return _bundle_name(root["spec"]["signerName"].text, name)
        case "networking.k8s.io", "IPAddress":
            return _address_name(name)
    return ""


def _bundle_name(signer: str, name: str) -> str:
    if not signer:
        if ":" in name:
            return 'ClusterTrustBundle without signer name must not have ":" in its name'
        return names.dns_subdomain(name)
    prefix = signer.replace("/", ":") + ":"
    if not name.startswith(prefix):
        return f"ClusterTrustBundle for signerName {signer} must be named with prefix {prefix}"
    return names.dns_subdomain(name.removeprefix(prefix))


def _address_name(name: str) -> str:
    import ipaddress  # noqa: PLC0415 - for one rare kind

    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return "must not be an IPv4-mapped IPv6 address"
    return "" if str(address) == name else f'must be in canonical form ("{address}")'


def _filled(prefix: str) -> str:
    """Return what the server looks at of a prefix: a hyphen at the end is allowed, and takes a letter with it."""
    return f"{prefix[:-2]}a" if len(prefix) > 1 and prefix.endswith("-") else prefix


def _generated(prefix: str) -> str:
    """Return a name that the server makes of a prefix: it cuts off what is too long, and adds letters and digits."""
    return prefix[:_LONGEST_PREFIX] + "x2x2x"


def _check_owners(owners: Field) -> None:
    controller = ""
    for owner in owners.items():
        for key in _OWNER_FIELDS:
            if not owner[key].text:
                owner[key].required("must not be empty")
        if owner["apiVersion"].text.count("/") > 1:
            owner["apiVersion"].invalid("must be <group>/<version> or <version>")
        if (owner["apiVersion"].text, owner["kind"].text) == ("v1", "Event"):
            owner.invalid("/v1, Kind=Event is disallowed from being an owner")
        if owner["controller"].flag:
            this = f"{owner['kind'].text}/{owner['name'].text}"
            if controller:
                said = "Only one reference can have Controller set to true"
                owners.invalid(f'{said}. Found "true" in references for {controller} and {this}')
            controller = controller or this


def _check_finalizers(finalizers: Field, *, free: bool) -> None:
    for each in finalizers.items():
        each.complain(names.qualified_name(each.text))
        if not free and "/" not in each.text and each.text not in _STANDARD_FINALIZERS:
            each.invalid("name is neither a standard finalizer name nor is it fully qualified")
    if finalizers.size and {_ORPHAN, _FOREGROUND} <= {each.text for each in finalizers.items()}:
        finalizers.invalid(f"finalizer {_ORPHAN} and {_FOREGROUND} cannot be both set")
