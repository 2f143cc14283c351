"""Who may change an object on its way into the API server, so that what is wrong with it now may be right by then.

Selectors and conditions are passed over: somebody who might be asked counts as somebody who is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kubernator.pipeline.fields import mapping

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from kubernator.model.gvk import GroupVersionKind

__all__ = ["KINDS", "changes"]

#: Kinds that say who changes objects, in the group ``admissionregistration.k8s.io``.
KINDS: Final = ("MutatingWebhookConfiguration", "MutatingAdmissionPolicy")


def changes(manifests: Iterable[Mapping[str, Any]], gvk: GroupVersionKind, plural: str) -> str:
    """Return the name of the first of those that may change new objects of a kind; empty for none."""
    for manifest in manifests:
        if any(_matches(rule, gvk, plural) for rule in _rules(manifest)):
            return f"{manifest.get('kind')} `{mapping(manifest.get('metadata')).get('name')}`"
    return ""


def _rules(manifest: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for hook in _list(manifest.get("webhooks")):
        yield from map(mapping, _list(mapping(hook).get("rules")))
    constraints = mapping(mapping(manifest.get("spec")).get("matchConstraints"))
    yield from map(mapping, _list(constraints.get("resourceRules")))


def _matches(rule: Mapping[str, Any], gvk: GroupVersionKind, plural: str) -> bool:
    return (
        _takes(rule.get("apiGroups"), gvk.group)
        and _takes(rule.get("resources"), plural, "*/*")
        and _takes(rule.get("operations"), "CREATE", "UPDATE")
    )


def _takes(values: Any, *wanted: str) -> bool:
    return any(value in _list(values) for value in ("*", *wanted))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
