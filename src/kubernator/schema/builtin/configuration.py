"""What the API server checks of ConfigMaps and Secrets.

Source: k8s.io/kubernetes, package ``pkg/apis/core/validation``, of Kubernetes 1.37.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Final

from kubernator.schema import names
from kubernator.schema.builtin import parts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kubernator.schema.builtin.field import Field

__all__ = ["CHECKS"]

_LARGEST: Final = 1024 * 1024
_ACCOUNT: Final = "kubernetes.io/service-account.name"
#: What must be there in Secrets of some types.
_KEYS: Final = {
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}
_DOCKER: Final = frozenset({"kubernetes.io/dockercfg", "kubernetes.io/dockerconfigjson"})


def _config_map(root: Field) -> None:
    data, binary = root["data"], root["binaryData"]
    size = 0
    for key, each in data.entries():
        each.complain(names.config_map_key(key))
        if binary[key]:
            each.invalid("duplicate of key present in binaryData")
        size += parts.length(each.text)
    for key, each in binary.entries():
        each.complain(names.config_map_key(key))
        size += _decoded_size(each.text)
    if size > _LARGEST:
        parts.too_long(data or binary, _LARGEST)


def _decoded_size(text: str) -> int:
    """Return how many bytes a text in base64 stands for; line breaks do not count."""
    if "\n" in text or "\r" in text:
        text = text.replace("\n", "").replace("\r", "")
    return len(text) // 4 * 3 - text[-2:].count("=")


def _secret(root: Field) -> None:
    data, plain = root["data"], root["stringData"]
    size = 0
    for key, each in data.entries():
        each.complain(names.config_map_key(key))
        if not plain[key]:
            size += _decoded_size(each.text)
    for key, each in plain.entries():
        each.complain(names.config_map_key(key))
        size += parts.length(each.text)
    if size > _LARGEST:
        parts.too_long(data, _LARGEST)
    _check_keys(root, data, plain)


def _check_keys(root: Field, data: Field, plain: Field) -> None:
    kind = root["type"].text
    given = {key for field in (data, plain) for key, _ in field.entries()}
    for key in _KEYS.get(kind, ()):
        if key not in given:
            data[key].required()
        elif kind in _DOCKER:
            _check_json(data[key], plain[key])
    if kind == "kubernetes.io/ssh-auth" and "ssh-privatekey" in given:
        if not plain["ssh-privatekey"].text and not data["ssh-privatekey"].text:
            data["ssh-privatekey"].required()
    elif kind == "kubernetes.io/basic-auth" and not given & {"username", "password"}:
        data["username"].required()
        data["password"].required()
    elif kind == "kubernetes.io/service-account-token":
        account = root["metadata"]["annotations"][_ACCOUNT]
        if not account.text:
            account.required()


def _check_json(encoded: Field, plain: Field) -> None:
    field, text = (plain, plain.text) if plain else (encoded, encoded.text)
    try:
        content = text.encode() if plain else base64.b64decode(text)
        found = json.loads(content)
    except (ValueError, RecursionError):
        field.invalid("the content is no JSON")
        return
    if found is not None and not isinstance(found, dict):
        field.invalid("json: cannot unmarshal the content into a map")


CHECKS: Final[Mapping[tuple[str, str], Callable[[Field], None]]] = {
    ("", "ConfigMap"): _config_map,
    ("", "Secret"): _secret,
}
