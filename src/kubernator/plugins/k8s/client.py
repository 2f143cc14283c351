"""``ktor.k8s.client``: the official Kubernetes client, for scripts that want more than the run needs.

It is made when a script first asks, for the cluster of the run and with the same credentials. Nothing else needs it,
and nothing is ever installed at run time.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kubernator import errors
from kubernator.cluster import auth, execplugin, kubeconfig
from kubernator.tools import private
from kubernator.transport import ClientCertificate

if TYPE_CHECKING:
    import tempfile

    from kubernator.cluster.api import Cluster
    from kubernator.cluster.auth import Credentials, Login
    from kubernator.cluster.kubeconfig import Selection, UserEntry
    from kubernator.plugin import Host

__all__ = ["Client"]

_MERGE_PATCH: Final = "application/merge-patch+json"
_JSON_PATCH: Final = "application/json-patch+json"


class Client:
    """Makes the official client, one for each cluster object of the run."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._cluster: Cluster | None = None
        self._client: Any = None
        self._files: tempfile.TemporaryDirectory[str] | None = None

    def get(self) -> Any:
        """Return the ``ApiClient``. Raises `errors.PluginError` where the official client is not installed."""
        if importlib.util.find_spec("kubernetes") is None:
            raise errors.PluginError(
                "`ktor.k8s.client` needs the official Kubernetes client, which is not installed",
                origin=self._host.origin(),
                hint="install `kubernator[client]`",
            )
        cluster = self._host.cluster
        if self._host.documents is not None:
            cluster.raw("GET", "what the official client asks")  # which says that there is none
        if cluster is not self._cluster:
            self.close()
            self._client = self._made(cluster)
            self._cluster = cluster
        return self._client

    def close(self) -> None:
        """Remove the files the client was given."""
        if self._files is not None:
            self._files.cleanup()
        self._files = self._cluster = self._client = None

    def _made(self, cluster: Cluster) -> Any:
        client = importlib.import_module("kubernetes.client")  # heavy, and few scripts ask

        settings = client.Configuration()
        selection = self._selection(context=getattr(cluster, "context", ""))
        if selection is None:
            importlib.import_module("kubernetes.config").load_incluster_config(client_configuration=settings)
        else:
            self._configure(settings, cluster, selection)
        made = client.ApiClient(settings)
        if selection is not None:
            for name, value in auth.impersonation(selection.user).items():
                made.set_default_header(name, value if isinstance(value, str) else ",".join(value))
        _redirect_list_patches(made.rest_client)
        return made

    def _selection(self, *, context: str) -> Selection | None:
        """Return what the kubeconfig of the run says; None inside a pod without one."""
        paths = str(self._host.globals.read(("kubeconfig", "kubeconfig")))
        files = [Path(os.path.expanduser(path)) for path in paths.split(os.pathsep) if path]  # noqa: PTH111 - `Path` raises
        loaded = kubeconfig.load(files, must_exist=False)
        return loaded.select(context or None) if loaded.files and loaded.contexts else None

    def _configure(self, settings: Any, cluster: Cluster, selection: Selection) -> None:
        entry, user = selection.cluster, selection.user
        settings.host = cluster.server
        settings.verify_ssl = not entry.insecure
        if entry.server_name:
            settings.tls_server_name = entry.server_name
        if entry.proxy_url:
            settings.proxy = entry.proxy_url
        if entry.authority is not None:
            settings.ssl_ca_cert = self._file("ca.pem", entry.authority)
        credentials = self._credentials(user, selection)
        login = credentials.login()
        if login.certificate is not None:
            settings.cert_file = self._file("client.pem", login.certificate.certificate)
            settings.key_file = self._file("client-key.pem", login.certificate.key)
        if "Authorization" in login.headers:
            settings.refresh_api_key_hook = lambda target: _authorize(target, credentials.login())
            _authorize(settings, login)

    def _credentials(self, user: UserEntry, selection: Selection) -> Credentials:
        """Return the source of credentials, in client-go's order: a token, a password, a program."""
        secrets = self._host.secrets
        base = auth.Login()
        if user.certificate is not None and user.key is not None:
            secrets.add(user.key)
            base = auth.Login(certificate=ClientCertificate(certificate=user.certificate, key=user.key))
        if user.token_file is not None:
            return auth.TokenFile(user.token_file, base=base, secrets=secrets)
        if user.token:
            return auth.Fixed(
                auth.Login(headers=auth.bearer(user.token, secrets=secrets), certificate=base.certificate)
            )
        if user.username or user.password:
            headers = auth.basic(user.username, user.password, secrets=secrets)
            return auth.Fixed(auth.Login(headers=headers, certificate=base.certificate))
        if user.program is not None:
            return execplugin.ExecPlugin(user.program, cluster=selection.cluster, base=base, secrets=secrets)
        return auth.Fixed(base)

    def _file(self, name: str, content: bytes) -> str:
        """Write what the client wants as a file, where only this user can read it."""
        if self._files is None:
            self._files = private.directory("client")
        path = Path(self._files.name) / name
        path.touch(mode=0o600)
        path.write_bytes(content)
        return str(path)


def _authorize(settings: Any, login: Login) -> None:
    settings.api_key["authorization"] = login.headers.get("Authorization", "")
    settings.api_key_prefix.pop("authorization", None)


def _redirect_list_patches(rest_client: Any) -> None:
    """Send a list under the content type of a merge patch as the JSON Patch that it is, as the reference does."""
    request = rest_client.request

    def redirected(method: str, url: str, *args: Any, **options: Any) -> Any:
        headers = options.get("headers")
        if isinstance(headers, dict) and headers.get("Content-Type") == _MERGE_PATCH:
            body = options.get("body", args[1] if len(args) > 1 else None)
            if isinstance(body, list):
                headers["Content-Type"] = _JSON_PATCH
        return request(method, url, *args, **options)

    rest_client.request = redirected
