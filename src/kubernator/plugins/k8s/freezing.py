"""The end of the walk: what scripts could change becomes data that nobody changes.

Merge instructions are taken out, and so is what only the server may say (``status``, bookkeeping in the metadata),
which exports and generators leave in manifests and which would be written again in each run.
"""

from __future__ import annotations

import marshal
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from kubernator import errors
from kubernator.load import findings
from kubernator.model import diagnostics, ref
from kubernator.model.annotations import CONFLICTS, REPLACE
from kubernator.model.resource import NEVER, SERVERS_METADATA, Resource, ResourcePolicy
from kubernator.pipeline import merge
from kubernator.plugins.k8s import wrong
from kubernator.plugins.k8s.namespace import DEFAULT_PATCH_FIELD_EXCLUDES, K8sNamespace
from kubernator.plugins.k8s.resource import K8SPropagationPolicy
from kubernator.schema import suggesting

if TYPE_CHECKING:
    from collections.abc import Callable

    from kubernator.cluster.api import Kind
    from kubernator.model.diagnostics import Diagnostic
    from kubernator.model.gvk import GroupVersionKind
    from kubernator.model.resource import Manifest, PropagationPolicy
    from kubernator.plugin import Host, Scope
    from kubernator.plugins.k8s import rdef
    from kubernator.plugins.k8s.conflicting import ConflictRules
    from kubernator.plugins.k8s.resource import K8SResource, Record

__all__ = ["Freezer"]

#: kubectl's own note, which server-side apply does not need and which would be a second copy of everything.
_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"


class Freezer:
    """Makes a `model.Resource` of each resource. ``find`` tells what is known of a kind, None where it is unknown."""

    def __init__(
        self, host: Host, *, find: Callable[[GroupVersionKind], Kind | None], conflicts: ConflictRules
    ) -> None:
        self._host = host
        self._find = find
        self._conflicts = conflicts
        self._policies: dict[Scope, ResourcePolicy] = {}

    def freeze(self, resource: K8SResource, record: Record) -> Resource:
        """Return the resource as data; findings about it go to those of the run."""
        gvk = resource.rdef.key.gvk
        known = self._find(gvk)
        packed = _packed(resource.manifest)
        if any(word in packed for word in merge.WORDS):
            manifest, instructions = self._taken_out(resource, record)
        else:
            manifest, instructions = marshal.loads(packed), ()  # noqa: S302 - written a moment ago, by us
        _strip(manifest, known, is_crd=resource.is_crd, stamped=b"creationTimestamp" in packed)
        namespace = resource.namespace or ""
        if known is not None and not known.namespaced and namespace:
            self._host.diagnostics.add(_needless(resource, record, namespace))
            if _metadata(manifest).get("namespace") == namespace:  # else the identity check has something to say
                del manifest["metadata"]["namespace"]
            namespace = ""
        self._host.secrets.learn(manifest)
        frozen = Resource(
            manifest=manifest,
            ref=ref.ResourceRef(resource.group, resource.kind, namespace, resource.name),
            gvk=gvk,
            origin=record.origin,
            source_map=record.source_map,
            touched_by=record.touched_by,
            directory=record.directory,
            turn=record.turn,
            awaited=record.awaited,
            policy=self._policy(record.scope),
            instructions=instructions,
            written=record.written,
        )
        return self._by_itself(frozen, record.scope)

    def _by_itself(self, resource: Resource, scope: Scope) -> Resource:
        """Return a resource with the policy that its kind and its own annotations make of its scope's."""
        policy = resource.policy
        if rules := self._conflicts.of(scope, resource.ref.group_kind):
            policy = replace(policy, conflicts=rules)
        said = _metadata(resource.manifest).get("annotations")
        if isinstance(said, dict) and (CONFLICTS in said or REPLACE in said):
            policy = self._annotated(resource, policy, said)
        return resource if policy is resource.policy else replace(resource, policy=policy)

    def _annotated(self, resource: Resource, policy: ResourcePolicy, said: dict[str, Any]) -> ResourcePolicy:
        from kubernator.planning import conflicts  # noqa: PLC0415 - few objects say it

        try:
            if CONFLICTS in said:
                rules = conflicts.parse(str(said[CONFLICTS]), place=str(resource.place(_at(CONFLICTS))))
                policy = replace(policy, conflicts=(*policy.conflicts, *rules))
        except ValueError as error:
            self._wrong(resource, CONFLICTS, str(error), "the form is `take FIELD from MANAGER`")
        if REPLACE in said:
            choices = (*K8SPropagationPolicy, NEVER)
            if said[REPLACE] in choices:
                return replace(policy, replace=str(said[REPLACE]))
            hint = f"it is one of {', '.join(f'`{one}`' for one in choices)}"
            self._wrong(resource, REPLACE, f"`{said[REPLACE]}` is no way to replace", hint)
        return policy

    def _wrong(self, resource: Resource, name: str, why: str, hint: str) -> None:
        self._host.diagnostics.add(
            diagnostics.Diagnostic(
                severity=diagnostics.Severity.ERROR,
                message=f"the annotation `{name}` is wrong: {why}",
                origin=resource.place(_at(name)),
                resource=str(resource),
                changed_by=tuple(map(str, resource.touched_by)),
                hint=hint,
                code="annotation",
            )
        )

    def _taken_out(self, resource: K8SResource, record: Record) -> tuple[Manifest, merge.Instructions]:
        try:
            return merge.extract(resource.manifest)
        except errors.ProjectError as error:
            found = findings.as_finding(error)
            self._host.diagnostics.add(
                diagnostics.Diagnostic(
                    severity=found.severity,
                    message=found.message,
                    origin=record.origin,
                    resource=str(resource),
                    changed_by=tuple(map(str, record.touched_by)),
                    detail=found.detail,
                    hint=found.hint,
                    code="merge",
                )
            )
            return dict(resource.manifest), ()

    def _policy(self, scope: Scope) -> ResourcePolicy:
        if scope not in self._policies:
            self._policies[scope] = _policy(K8sNamespace(scope, "k8s"))
        return self._policies[scope]


def _at(annotation: str) -> tuple[str, str, str]:
    return ("metadata", "annotations", annotation)


def _policy(says: K8sNamespace) -> ResourcePolicy:
    patterns = [found.pattern if isinstance(found, re.Pattern) else found for found in says.patch_field_excludes]
    return ResourcePolicy(
        immutable_changes={
            (group or "", kind): _propagation(group, kind, policy)
            for (group, kind), policy in map(_pair, says.immutable_changes.items())
        },
        ignored=tuple(found for found in patterns if found not in DEFAULT_PATCH_FIELD_EXCLUDES),
        field_validation=says.field_validation,
        warnings_are_fatal=bool(says.field_validation_warn_fatal),
    )


def _pair(item: tuple[Any, Any]) -> tuple[tuple[str | None, str], Any]:
    match item:
        case ((str() | None as group, str() as kind), policy):
            return (group, kind), policy
    raise wrong.InvalidOption(
        f"`ktor.k8s.immutable_changes` has the key `{item[0]!r}`",
        hint='a key is a group and a kind, as `("apps", "Deployment")`; the core group is `None`',
    )


def _propagation(group: str | None, kind: str, policy: Any) -> PropagationPolicy:
    try:
        return K8SPropagationPolicy(policy).policy
    except ValueError:
        choices = ", ".join(f"`{one}`" for one in K8SPropagationPolicy)
        raise wrong.InvalidOption(
            f"`ktor.k8s.immutable_changes` has `{policy}` for `{group or 'core'}/{kind}`",
            hint=f"it is one of {choices}",
        ) from None


def _packed(manifest: Manifest) -> bytes:
    """Return a manifest as bytes, in which a word is found, and from which a copy is made, at the speed of C.

    One with containers or text of classes that scripts made up is not copied this way; it gets to have all words.
    """
    try:
        return marshal.dumps(manifest)
    except ValueError:
        return b"creationTimestamp" + b"".join(merge.WORDS)


def _strip(manifest: Manifest, known: Kind | None, *, is_crd: bool, stamped: bool) -> None:
    """Take out what only the server may say. A custom kind without the sub-resource has its ``status`` to itself.

    ``stamped`` says that the manifest may hold a ``creationTimestamp`` anywhere.
    """
    if is_crd or not manifest.get("status") or (known is not None and "status" in known.subresources):
        manifest.pop("status", None)
    metadata = _metadata(manifest)
    for name in SERVERS_METADATA:
        metadata.pop(name, None)
    annotations = metadata.get("annotations")
    if isinstance(annotations, dict) and annotations.pop(_LAST_APPLIED, None) is not None and not annotations:
        del metadata["annotations"]
    if stamped and not is_crd:
        _strip_templates(manifest.get("spec"))


def _strip_templates(value: Any) -> None:
    """Take ``creationTimestamp: null`` out of the metadata of templates, where generators of Go types leave it."""
    match value:
        case dict():
            metadata = value.get("metadata")
            if isinstance(metadata, dict) and metadata.get("creationTimestamp", "") is None:
                del metadata["creationTimestamp"]
            for item in value.values():
                if isinstance(item, dict | list):
                    _strip_templates(item)
        case list():
            for item in value:
                if isinstance(item, dict | list):
                    _strip_templates(item)
        case _:
            return


def _metadata(manifest: Manifest) -> dict[str, Any]:
    """Return the metadata; of a manifest that lost it, which the identity check will say, an empty one."""
    found = manifest.get("metadata")
    return found if isinstance(found, dict) else {}


def _needless(resource: K8SResource, record: Record, namespace: str) -> Diagnostic:
    return diagnostics.Diagnostic(
        severity=diagnostics.Severity.WARNING,
        message=f"`{resource.kind}` is cluster-scoped; its namespace `{namespace}` is left out, as the server does",
        origin=record.origin,
        resource=str(resource),
        changed_by=tuple(map(str, record.touched_by)),
        code="namespace",
    )


def unknown(resource: Resource, definitions: rdef.Definitions) -> Diagnostic:
    """Return the finding about a resource whose kind neither the tree nor the cluster defines."""
    return diagnostics.Diagnostic(
        severity=diagnostics.Severity.ERROR,
        message=suggesting.unknown(resource.gvk),
        origin=resource.place(("kind",)),
        resource=str(resource),
        changed_by=tuple(map(str, resource.touched_by)),
        hint=definitions.suggest(resource.gvk),
        code="kind",
    )
