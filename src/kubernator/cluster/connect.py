"""From "which cluster?" to a `HttpCluster`.

In this order: the kubeconfig that was named, ``KUBECONFIG``, ``~/.kube/config``, the pod we run in. A kubeconfig that
was chosen by somebody always wins over the pod.
"""

from __future__ import annotations

import os
import re
import urllib.parse
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kubernator import errors
from kubernator.cluster import auth, kubeconfig
from kubernator.cluster.client import HttpCluster
from kubernator.cluster.discovery import Discovery, Store
from kubernator.cluster.exchange import Exchange
from kubernator.cluster.limiter import Limiter
from kubernator.transport import ClientCertificate, Proxies, TlsOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubernator.cluster.kubeconfig import ClusterEntry, Selection, UserEntry
    from kubernator.redaction import Secrets
    from kubernator.transport import Transport

__all__ = ["SERVICE_ACCOUNT", "connect", "connected", "credentials", "in_cluster", "resolve"]

#: Names of environment variables whose values are no business of a log; others (a profile, a region) are.
_SENSITIVE: Final = re.compile("token|secret|password|passwd|credential|key", re.IGNORECASE)

SERVICE_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def connect(
    *,
    kubeconfig: str | Path | None = None,
    context: str | None = None,
    secrets: Secrets,
    cache_dir: Path | None = None,
    user_agent: str = "kubernator",
    transport: Transport | None = None,
    environ: Mapping[str, str] | None = None,
    service_account: Path = SERVICE_ACCOUNT,
) -> HttpCluster:
    """Return the cluster that is meant; nothing is sent yet.

    ``kubeconfig`` may be several files, separated as in ``KUBECONFIG``. ``cache_dir`` is where discovery is kept, None
    keeps nothing. ``transport`` stands in for connections, in tests. Raises `errors.Unreachable` when no cluster is
    configured or its configuration is wrong.
    """
    selection = resolve(
        kubeconfig=kubeconfig,
        context=context,
        environ=os.environ if environ is None else environ,
        service_account=service_account,
    )
    return connected(selection, secrets=secrets, cache_dir=cache_dir, user_agent=user_agent, transport=transport)


def connected(
    selection: Selection,
    *,
    secrets: Secrets,
    cache_dir: Path | None = None,
    user_agent: str = "kubernator",
    transport: Transport | None = None,
) -> HttpCluster:
    """Return the cluster of a configuration that was found; nothing is sent yet. See `connect`."""
    cluster = selection.cluster
    server = _server(cluster)

    def dial(certificate: ClientCertificate | None) -> Transport:
        return transport or _transport(cluster, certificate)

    secrets.add(_password(cluster.proxy_url, key="proxy-url"))
    exchange = Exchange(
        server=server,
        credentials=credentials(selection.user, cluster=cluster, secrets=secrets),
        connect=dial,
        limiter=Limiter(),
        user_agent=user_agent,
        compression=cluster.compression and not _near(server),
    )
    store = Store(cache_dir, server=server, authority=cluster.authority) if cache_dir else None
    return HttpCluster(
        exchange,
        discovery=Discovery(exchange.send, store=store),
        namespace=selection.namespace or "default",
        context=selection.context,
        source=selection.source,
    )


def resolve(
    *, kubeconfig: str | Path | None, context: str | None, environ: Mapping[str, str], service_account: Path
) -> Selection:
    """Find the configuration that counts. Raises `errors.Unreachable` naming all that was looked at."""
    if kubeconfig is not None:
        return _loaded(_files(os.fspath(kubeconfig)), must_exist=True).select(context)
    named = environ.get("KUBECONFIG", "")
    home = Path(environ.get("HOME") or os.path.expanduser("~")) / ".kube" / "config"  # noqa: PTH111 - `Path` raises
    files = _files(named) if named else [home]
    loaded = _loaded(files, must_exist=False)
    if loaded.files and (loaded.contexts or context):
        return loaded.select(context)
    inside = in_cluster(environ, directory=service_account)
    if inside is not None and not context:
        return inside
    raise errors.Unreachable(
        "no cluster is configured",
        detail=[
            ("looked at", f"`KUBECONFIG` ({named or 'not set'})"),
            ("looked at", ", ".join(str(file) for file in files) + (" (empty)" if loaded.files else " (not there)")),
            ("looked at", f"{service_account} (we do not run in a pod)"),
        ],
        hint="name a kubeconfig, set `KUBECONFIG`, or make `~/.kube/config`",
    )


def in_cluster(environ: Mapping[str, str], *, directory: Path = SERVICE_ACCOUNT) -> Selection | None:
    """Return the cluster of the pod we run in, or None when we run in none."""
    host, port = environ.get("KUBERNETES_SERVICE_HOST", ""), environ.get("KUBERNETES_SERVICE_PORT", "")
    token = directory / "token"
    if not host or not port or not token.is_file():
        return None
    try:
        authority = (directory / "ca.crt").read_bytes()
    except OSError as error:
        raise errors.Unreachable(
            f"the certificate authority of the pod, `{directory / 'ca.crt'}`, cannot be read: {error.strerror}"
        ) from None
    namespace = directory / "namespace"
    shown = f"[{host}]" if ":" in host else host
    return _pod(
        server=f"https://{shown}:{port}",
        authority=authority,
        token_file=token,
        namespace=namespace.read_text(encoding="utf-8").strip() if namespace.is_file() else "",
    )


def _pod(*, server: str, authority: bytes, token_file: Path, namespace: str) -> Selection:
    """Return a pod's configuration in the form a kubeconfig gives."""
    return kubeconfig.Selection(
        context="",
        namespace=namespace,
        source=f"the pod we run in, {SERVICE_ACCOUNT}",
        cluster=kubeconfig.ClusterEntry(server=server, authority=authority),
        user=kubeconfig.UserEntry(token_file=token_file),
    )


def credentials(user: UserEntry, *, cluster: ClusterEntry, secrets: Secrets) -> auth.Credentials:
    """Return the source of credentials of a user; a token or a password goes before a program, as in client-go."""
    certificate = None
    if user.certificate is not None and user.key is not None:
        secrets.add(user.key)
        certificate = ClientCertificate(certificate=user.certificate, key=user.key)
    base = auth.Login(headers=auth.impersonation(user), certificate=certificate)
    if user.token_file is not None:
        return auth.TokenFile(user.token_file, base=base, secrets=secrets)
    if user.token:
        return _fixed(base, auth.bearer(user.token, secrets=secrets))
    if user.username or user.password:
        return _fixed(base, auth.basic(user.username, user.password, secrets=secrets))
    if user.program is not None:
        from kubernator.cluster import execplugin  # noqa: PLC0415 - for users with a program

        for name, value in user.program.env:
            if _SENSITIVE.search(name):
                secrets.add(value)
        return execplugin.ExecPlugin(user.program, cluster=cluster, base=base, secrets=secrets)
    return auth.Fixed(base)


def _fixed(base: auth.Login, headers: Mapping[str, str]) -> auth.Fixed:
    return auth.Fixed(auth.Login(headers={**base.headers, **headers}, certificate=base.certificate))


def _files(text: str) -> list[Path]:
    return [Path(part) for part in text.split(os.pathsep) if part]


def _loaded(files: list[Path], *, must_exist: bool) -> kubeconfig.Kubeconfig:
    return kubeconfig.load(files, must_exist=must_exist)


def _transport(cluster: ClusterEntry, certificate: ClientCertificate | None) -> Transport:
    from kubernator.transport import HttpTransport  # noqa: PLC0415 - loads http.client and ssl

    proxies = Proxies.only(cluster.proxy_url, source="`proxy-url` of the kubeconfig") if cluster.proxy_url else None
    options = TlsOptions(
        authority=cluster.authority,
        insecure=cluster.insecure,
        server_name=cluster.server_name,
        client=certificate,
    )
    return HttpTransport(tls=options, proxies=proxies)


def _password(url: str, *, key: str) -> str:
    """Return the password in a URL of the kubeconfig. Raises `errors.Unreachable`, without the URL, if it is none."""
    try:
        return urllib.parse.unquote(urllib.parse.urlsplit(url).password or "")
    except ValueError:
        raise errors.Unreachable(f"`{key}` in the kubeconfig is not a URL") from None


def _server(cluster: ClusterEntry) -> str:
    """Return the URL without a slash at its end; without a scheme it is https when anything about TLS is said.

    A name and password in it are left out: API servers take none, and the URL is shown.
    """
    server = cluster.server.rstrip("/")
    _password(server, key="server")
    scheme, mark, rest = server.rpartition("://")
    host, slash, path = rest.partition("/")
    server = f"{scheme}{mark}{host.rpartition('@')[2]}{slash}{path}"
    if mark:
        return server
    secured = cluster.authority is not None or cluster.insecure or cluster.server_name
    return f"{'https' if secured else 'http'}://{server}"


def _near(server: str) -> bool:
    """Say whether the server is on this machine, where packing costs more than it saves (measured)."""
    host = urllib.parse.urlsplit(server).hostname or ""
    return host in {"localhost", "::1"} or host.startswith("127.")
