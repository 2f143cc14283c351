"""The bare requests of a run and nothing else: discovery, a LIST for each kind, the writes, 16 in flight.

No tool can be faster against the same server. Run as a program, through aiohttp or through http.client in threads:
``floor.py [--client http.client] --server URL --directory DIR --bodies FILE --step first|unchanged|changed``. The
directory holds the certificates, the file a line of JSON with what to list, and one for each object with its path and
its manifest, namespaces first (`Workload.bodies`); what is there already is not sent.
"""

from __future__ import annotations

import argparse
import json
import ssl
import sys
from pathlib import Path
from typing import Any

DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
APPLY = "application/apply-patch+yaml"
QUERY = "?fieldManager=floor&fieldValidation=Strict"
REFUSED = 300


def main() -> None:
    """Send what a step needs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--client", choices=("aiohttp", "http.client"), default="aiohttp")
    parser.add_argument("--server", required=True)
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--bodies", type=Path, required=True)
    parser.add_argument("--step", choices=("first", "unchanged", "changed"), required=True)
    parser.add_argument("--in-flight", type=int, default=16)
    options = parser.parse_args()
    with options.bodies.open() as file:
        head = json.loads(file.readline())
        wanted = {"first": sys.maxsize, "unchanged": 0, "changed": head["changed"] + 1}[options.step]
        objects = [json.loads(line) for _, line in zip(range(wanted), file, strict=False)]
    if options.step == "changed":
        objects = objects[-1:]
    reading = [("/api", DISCOVERY), ("/apis", DISCOVERY), *((path, "application/json") for path in head["lists"])]
    batches = [
        [each for each in objects if each["first"] and not each["there"]],
        [each for each in objects if not each["first"]],
    ]
    context = ssl.create_default_context(cafile=options.directory / "ca.crt")
    context.load_cert_chain(options.directory / "admin.crt", options.directory / "admin.key")
    send = with_aiohttp if options.client == "aiohttp" else with_http_client
    send(options.server, context, reading, batches, options.in_flight)


def check(status: int, path: str, text: bytes) -> None:
    """End with what the server says if it refuses."""
    if status >= REFUSED:
        sys.exit(f"{path}: {status} {text[:300]!r}")


def encoded(each: dict[str, Any]) -> bytes:
    """Return a manifest as JSON that is YAML, too: escapes of what is beyond 16 bits would not be."""
    return json.dumps(each["body"], ensure_ascii=False).encode()


def with_aiohttp(
    server: str,
    context: ssl.SSLContext,
    reading: list[tuple[str, str]],
    batches: list[list[dict[str, Any]]],
    in_flight: int,
) -> None:
    """Send through aiohttp."""
    import asyncio  # noqa: PLC0415 - the other client needs neither

    import aiohttp  # noqa: PLC0415 - the same

    async def run() -> None:
        gate = asyncio.Semaphore(in_flight)
        connector = aiohttp.TCPConnector(ssl=context, limit=0)
        async with aiohttp.ClientSession(server, connector=connector) as session:

            async def read(path: str, accept: str) -> None:
                async with gate, session.get(path, headers={"Accept": accept}) as answer:
                    text = await answer.read()
                check(answer.status, path, text)
                json.loads(text)

            async def write(each: dict[str, Any]) -> None:
                body = encoded(each)
                async with (
                    gate,
                    session.patch(each["path"] + QUERY, data=body, headers={"Content-Type": APPLY}) as answer,
                ):
                    text = await answer.read()
                check(answer.status, each["path"], text)
                json.loads(text)

            await asyncio.gather(*(read(path, accept) for path, accept in reading))
            for batch in batches:
                await asyncio.gather(*map(write, batch))

    asyncio.run(run())


def with_http_client(
    server: str,
    context: ssl.SSLContext,
    reading: list[tuple[str, str]],
    batches: list[list[dict[str, Any]]],
    in_flight: int,
) -> None:
    """Send through http.client in threads, each with a connection of its own."""
    import concurrent.futures  # noqa: PLC0415 - the other client does without
    import http.client  # noqa: PLC0415 - the same
    import threading  # noqa: PLC0415 - the same

    own = threading.local()

    def send(method: str, path: str, body: bytes | None, headers: dict[str, str]) -> None:
        if not hasattr(own, "connection"):
            own.connection = http.client.HTTPSConnection(server.removeprefix("https://"), context=context)
        own.connection.request(method, path, body=body, headers=headers)
        answer = own.connection.getresponse()
        text = answer.read()
        check(answer.status, path, text)
        json.loads(text)

    def read(each: tuple[str, str]) -> None:
        send("GET", each[0], None, {"Accept": each[1]})

    def write(each: dict[str, Any]) -> None:
        send("PATCH", each["path"] + QUERY, encoded(each), {"Content-Type": APPLY})

    with concurrent.futures.ThreadPoolExecutor(in_flight) as pool:
        list(pool.map(read, reading))
        for batch in batches:
            list(pool.map(write, batch))


if __name__ == "__main__":
    main()
