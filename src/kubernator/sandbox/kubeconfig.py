"""The kubeconfig of a sandbox, as text. Pure."""

from __future__ import annotations

import base64
from typing import Final

__all__ = ["FILE", "context", "text"]

FILE: Final = "kubeconfig"


def context(name: str) -> str:
    """Return the context, cluster and user name of a sandbox; a reader of ``kubectl config`` sees what it is."""
    return f"sandbox-{name}"


def text(*, name: str, server: str, authority: bytes, admin: bytes, key: bytes) -> str:
    """Return a kubeconfig with the certificates in it, so that the file can be moved and copied."""
    label = context(name)
    return f"""\
apiVersion: v1
kind: Config
clusters:
- name: {label}
  cluster:
    server: {server}
    certificate-authority-data: {_data(authority)}
users:
- name: {label}
  user:
    client-certificate-data: {_data(admin)}
    client-key-data: {_data(key)}
contexts:
- name: {label}
  context:
    cluster: {label}
    user: {label}
current-context: {label}
"""


def _data(pem: bytes) -> str:
    return base64.b64encode(pem).decode()
