"""What the API server says of a text: a dry run of server-side apply with strict validation, nothing else."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from agreement import places
from kubernator.cluster import requests, responses
from kubernator.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kubernator.cluster.api import Kind
    from kubernator.cluster.client import HttpCluster

__all__ = ["Answer", "Server"]

#: Connections on which the server is asked.
CONNECTIONS: Final = 4
MANAGER: Final = "agreement"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server says. ``fields`` are the fields that it names, in its notation; they may be none."""

    refused: bool
    message: str = ""
    fields: tuple[str, ...] = ()
    status: int = 0

    @property
    def complete(self) -> bool:
        """Whether the server looked at all of the object: then all that it refuses is named."""
        return self.status == 422 and bool(self.fields)


class Server:
    """A judge. Its words are those of the server that it was made for."""

    def __init__(self, cluster: HttpCluster) -> None:
        self.cluster = cluster

    def answers(self, asked: Iterable[tuple[Kind, dict[str, Any], str]]) -> list[Answer]:
        """Return what the server says of texts, each with the kind and identity of the object that is written."""
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            return list(pool.map(lambda each: self.answer(*each), asked))

    def answer(self, kind: Kind, identity: dict[str, Any], text: str) -> Answer:
        """Return what the server says of one text."""
        metadata = {"name": identity["metadata"]["name"], "namespace": identity["metadata"].get("namespace", "")}
        head = {"apiVersion": kind.gvk.api_version, "kind": kind.gvk.kind, "metadata": metadata}
        call = requests.apply(kind, head, manager=MANAGER, force=True, dry_run=True, field_validation="Strict")
        call = replace(call, body=text.encode())
        try:
            responses.decode(self.cluster._exchange.send(call), call=call)
        except ApiError as error:
            return _refusal(error)
        return Answer(refused=False)


def _refusal(error: ApiError) -> Answer:
    if error.status in {401, 404, 408, 429} or error.status > 500:  # no verdict on the object
        raise error
    message = str(error.body.get("message") or error.title)
    fields = [cause.field for cause in error.causes if cause.field not in {"", "<nil>"}]
    found = tuple(dict.fromkeys(fields)) or tuple(dict.fromkeys(places.named(message)))
    return Answer(refused=True, message=re.sub(r"\s+", " ", message), fields=found, status=error.status)
