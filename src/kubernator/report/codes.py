"""What the codes of findings mean: a title and what to do, for programs that show rules and not only findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CODES", "Code", "meaning"]


class Code(NamedTuple):
    """What findings of one code have in common. ``title`` is a short sentence, ``help`` says what to do about them."""

    title: str
    help: str


#: Code -> what it means. Findings of plugins may have others.
CODES: Final[Mapping[str, Code]] = {
    "schema": Code(
        "The API server refuses the object",
        "Set the named field as the message says. The words are those that the API server uses itself.",
    ),
    "policy": Code(
        "A policy refuses the object",
        "A ValidatingAdmissionPolicy, or a rule of the policy directory, says what the object must be like.",
    ),
    "version": Code(
        "The API version is deprecated or gone",
        "Move the manifest to the version that the message names; `--kube-version` says for which Kubernetes.",
    ),
    "reference": Code(
        "Something is named that is not there",
        "Add what is named to the tree, or correct the name. What the cluster has already may be meant.",
    ),
    "validation": Code("A validator refuses the object", "The validator and where it was registered are named."),
    "kind": Code(
        "The kind is not known",
        "Correct `apiVersion` or `kind`, or add the CustomResourceDefinition to the tree.",
    ),
    "namespace": Code("The namespace is missing or too much", "Set `metadata.namespace` for namespaced kinds only."),
    "identity": Code("The object has no usable name", "Every object needs `apiVersion`, `kind` and `metadata.name`."),
    "envelope": Code("This is no Kubernetes object", "Every object needs `apiVersion`, `kind` and `metadata.name`."),
    "annotation": Code(
        "An annotation of Kubernator's means nothing",
        "Correct its name or value; the reference page of annotations lists them.",
    ),
    "replicas": Code(
        "Two things set the number of replicas",
        "Leave `spec.replicas` out where a HorizontalPodAutoscaler decides.",
    ),
    "merge": Code("A merge instruction cannot be followed", "Correct the instruction, or write the value as a whole."),
    "depends-on": Code("A dependency cannot be followed", "Correct the annotation `kubernator.io/depends-on`."),
    "circle": Code("Objects depend on each other in a circle", "Take one of the references out."),
    "load": Code("A file cannot be read or rendered", "Correct the file at the place that is named."),
    "yaml-syntax": Code("This is not YAML", "Correct the text at the place that is named."),
    "json-syntax": Code("This is not JSON", "Correct the text at the place that is named."),
    "yaml-repeated-key": Code("A key is written twice", "Keep one of the two; the other would be lost."),
    "json-repeated-key": Code("A key is written twice", "Keep one of the two; the other would be lost."),
    "yaml-boolean-word": Code(
        "An unquoted word is no text", "Quote words such as `yes`, `no` and `on` where text is meant."
    ),
    "yaml-merge-order": Code("A merged map overrides keys above it", "Write `<<` before the keys that are to win."),
    "helm-release": Code("A Helm release cannot be rendered", "Correct the release, its values or its chart."),
    "istio": Code("An IstioOperator cannot be rendered", "Correct the operator; istioctl's own words are given."),
    "kops": Code("kops does not take the object", "Correct the object; the own words of kops are given."),
    "plugin-registered-twice": Code("A plugin is registered twice", "Register it once, where it is needed first."),
    "server-warning": Code("The API server warns of the object", "The words are the server's."),
    "refused": Code("The API server refused the object", "The words are the server's."),
    "conflict": Code("A field belongs to another field manager", "Leave the field to it, or say that it is taken."),
    "failed": Code("The API server could not take the object", "The words are the server's."),
}

_OTHER: Final = Code("Something is wrong", "The message says what, and the hint what to do about it.")


def meaning(code: str) -> Code:
    """Return what a code means; one that nobody knows means that something is wrong."""
    return CODES.get(code, _OTHER)
