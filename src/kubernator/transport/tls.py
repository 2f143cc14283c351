"""TLS contexts, and TLS inside TLS for a server behind a proxy that speaks TLS itself."""

from __future__ import annotations

import contextlib
import io
import os
import ssl
from typing import TYPE_CHECKING, Any

from kubernator import errors

if TYPE_CHECKING:
    import socket

    from kubernator.transport.message import ClientCertificate, TlsOptions

__all__ = ["InnerTls", "proxy_context", "server_context"]


def server_context(options: TlsOptions) -> ssl.SSLContext:
    """Return the context for the server.

    Like Go, and unlike Python from 3.13 on, it accepts authorities without the extensions RFC 5280 asks for, which many
    clusters have, and takes an intermediate certificate for a root when it is the one given.
    Raises `errors.Unreachable` when certificate or key cannot be read.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # whatever the system's OpenSSL is set to
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if options.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif options.authority is None:
        context.load_default_certs()
    else:
        _trust(context, options.authority)
    if options.client is not None:
        _load_client(context, options.client)
    return context


def proxy_context(options: TlsOptions) -> ssl.SSLContext:
    """Return the context for a proxy: the system's authorities and the server's; never without verification."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if options.authority is not None:
        _trust(context, options.authority)
    return context


def _trust(context: ssl.SSLContext, authority: bytes) -> None:
    try:
        context.load_verify_locations(cadata=authority.decode("ascii", "replace"))
    except (ssl.SSLError, ValueError):
        raise errors.Unreachable(
            "the certificate authority of the cluster cannot be read",
            hint="`certificate-authority-data` is PEM in base64, `certificate-authority` the path of a PEM file",
        ) from None


def _load_client(context: ssl.SSLContext, client: ClientCertificate) -> None:
    """Hand over certificate and key by a file of ours that is gone at once: the ssl module reads nothing else."""
    try:
        import tempfile  # noqa: PLC0415 - most users log in without a certificate

        handle, path = tempfile.mkstemp(prefix="kubernator-")  # mode 0600
    except OSError as error:
        raise _not_handed_over(error) from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(client.certificate.rstrip() + b"\n" + client.key)
        context.load_cert_chain(path, password=_no_password)
    except (ssl.SSLError, ValueError) as error:
        reason = str(getattr(error, "reason", None) or error).replace("_", " ").lower()
        raise errors.Unreachable(
            "the client certificate and its key cannot be used together",
            detail=[("reason", reason)],
            hint="both are PEM, the key belongs to the certificate and has no password",
        ) from None
    except OSError as error:
        raise _not_handed_over(error) from None
    finally:
        os.unlink(path)  # noqa: PTH108 - no Path for a name that lives for a moment


def _not_handed_over(error: OSError) -> errors.ClusterError:
    return errors.ClusterError(
        f"the client certificate cannot be handed to TLS by a temporary file: {error.strerror}",
        hint="is the disk full, or a directory for temporary files missing? `TMPDIR` names another one",
    )


def _no_password() -> str:
    """Keep OpenSSL from asking for the password of an encrypted key at the terminal."""
    raise ValueError("the key is encrypted")


class InnerTls:
    """TLS spoken through another TLS connection; what ``http.client`` needs of a socket.

    ``ssl`` can wrap a socket only, not another TLS connection, hence the two buffers.
    """

    def __init__(self, outer: socket.socket, context: ssl.SSLContext, *, server_name: str) -> None:
        self._outer = outer
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)
        self._files = 0
        self._closed = False
        self._run(self._tls.do_handshake)

    def sendall(self, data: bytes) -> None:
        """Send all of the data."""
        view = memoryview(data)
        while view:
            view = view[self._run(self._tls.write, view) :]

    def recv_into(self, buffer: Any) -> int:
        """Read what there is into the buffer; 0 at the end."""
        try:
            return int(self._run(self._tls.read, len(buffer), buffer))
        except ssl.SSLZeroReturnError:
            return 0

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return a reader; the connection stays open until it is closed too."""
        assert mode == "rb"  # noqa: S101 - http.client asks for nothing else
        self._files += 1
        return io.BufferedReader(_Reader(self))

    def settimeout(self, seconds: float | None) -> None:
        """Limit each wait for bytes."""
        self._outer.settimeout(seconds)

    def fileno(self) -> int:
        """Return the descriptor of the outer connection."""
        return self._outer.fileno()

    def pending(self) -> int:
        """Return how many bytes are read but not fetched."""
        return self._tls.pending() + self._incoming.pending

    def shutdown(self, how: int) -> None:
        """Shut the outer connection."""
        with contextlib.suppress(OSError):
            super(ssl.SSLSocket, self._outer).shutdown(how)  # type: ignore[misc]

    def close(self) -> None:
        """Close, or do so when the last reader is."""
        self._closed = True
        if not self._files:
            self._outer.close()

    def release(self) -> None:
        """Hear that a reader was closed."""
        self._files -= 1
        if self._closed:
            self.close()

    def _run(self, step: Any, *arguments: Any) -> Any:
        """Carry out a step of TLS, moving bytes between buffers and the outer connection as it asks."""
        while True:
            try:
                result = step(*arguments)
            except ssl.SSLWantReadError:
                self._flush()
                received = self._outer.recv(65536)
                if received:
                    self._incoming.write(received)
                else:
                    self._incoming.write_eof()
            else:
                self._flush()
                return result

    def _flush(self) -> None:
        data = self._outgoing.read()
        if data:
            self._outer.sendall(data)


class _Reader(io.RawIOBase):
    def __init__(self, connection: InnerTls) -> None:
        self._connection: InnerTls | None = connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return 0 if self._connection is None else self._connection.recv_into(buffer)

    def close(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.release()
        super().close()
