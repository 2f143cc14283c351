"""Amazon's cloud for kops, on loopback: moto, its answers put right where kops needs them to be as Amazon's are.

It is also where kops' own files are published, of which it asks for the checksums.
"""

from __future__ import annotations

import contextlib
import http.client
import http.server
import re
import threading
import urllib.parse
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VERSION = "1.36.0"

#: moto takes the setting and does not give it back.
_SUBNET = b"</subnetId>"
_HOST_NAMES = (
    b"<privateDnsNameOptionsOnLaunch><hostnameType>resource-name</hostnameType></privateDnsNameOptionsOnLaunch>"
)
#: moto's instances are always of the newest version of their launch template.
_INSTANCES = re.compile(rb"<Instances>.*?</Instances>", re.DOTALL)
_LATEST = re.compile(rb"<Version>\d+<")
_NOT_PASSED_ON = {"connection", "transfer-encoding", "content-length", "date", "server"}
_NO_GROUP = (
    "<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code>"
    "<Message>AutoScalingGroup name not found</Message></Error><RequestId>1</RequestId></ErrorResponse>"
)


@dataclass
class Cloud:
    """A cloud that runs. Instances are as old as their first launch template where ``aged`` names their cluster."""

    url: str = ""
    aged: str = "nobody"

    def environment(self) -> dict[str, str]:
        """Return what kops and aws need to talk to it and to nobody else."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "S3_ENDPOINT": self.url,
            "S3_REGION": "us-east-1",
            "S3_ACCESS_KEY_ID": "test",
            "S3_SECRET_ACCESS_KEY": "test",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "KOPS_FEATURE_FLAGS": "-ImageDigest",
            "KOPS_BASE_URL": f"{self.url}/kops/{VERSION}/",
        }

    def make_bucket(self, name: str) -> None:
        """Make a bucket."""
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.url).netloc)
        connection.request(
            "PUT", f"/{name}", headers={"Authorization": "AWS4-HMAC-SHA256 Credential=test/x/us-east-1/s3/aws4_request"}
        )
        assert connection.getresponse().status == 200
        connection.close()


def _as_amazon(asked: bytes, answer: bytes, *, aged: str) -> bytes:
    """Put an answer right where moto forgets."""
    if b"Action=DescribeSubnets" in asked:
        return answer.replace(_SUBNET, _SUBNET + _HOST_NAMES)
    if b"Action=DescribeAutoScalingGroups" in asked and aged.encode() in answer:
        return _INSTANCES.sub(lambda found: _LATEST.sub(b"<Version>1<", found[0]), answer)
    return answer


@contextlib.contextmanager
def cloud(moto: str) -> Iterator[Cloud]:
    """Run it in front of a moto."""
    state = Cloud()
    behind = urllib.parse.urlsplit(moto).netloc

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def _pass_on(self) -> None:
            if self.path.endswith(".sha256"):
                self._answer(200, {}, b"0" * 64)
                return
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            connection = http.client.HTTPConnection(behind)
            connection.request(self.command, self.path, body=body, headers=dict(self.headers))
            answer = connection.getresponse()
            content = answer.read()
            if answer.status == 500 and b"Action=DescribeWarmPool" in body:  # moto fails where Amazon refuses
                self._answer(400, {"Content-Type": "text/xml"}, _NO_GROUP.encode())
            else:
                content = _as_amazon(body, content, aged=state.aged)
                self._answer(answer.status, dict(answer.getheaders()), content)
            connection.close()

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in _NOT_PASSED_ON:
                    self.send_header(name, value)
            self.send_header(
                "Content-Length",
                headers.get("Content-Length", str(len(body))) if self.command == "HEAD" else str(len(body)),
            )
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _pass_on  # noqa: N815 - names of http.server

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        state.url = f"http://127.0.0.1:{server.server_port}"
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


_RECORDS = """\
#!/bin/sh
# the real kops, except where it would need machines that run: these command lines are written down
printf '%s\\n' "$*" >>{calls}
case "$*" in
validate\\ *|rolling-update*--yes*) echo "as if done: $1"; exit 0 ;;
update*--yes*) if [ -e {killed} ]; then rm {killed}; kill -9 $PPID; exit 9; fi ;;
esac
exec {real} "$@"
"""


@dataclass
class Recorded:
    """A kops that writes down what it is told. While ``killed`` is there, an update kills who asks for it."""

    directory: Path
    real: Path

    def __post_init__(self) -> None:
        """Make it."""
        self.directory.mkdir()
        script = self.directory / "kops"
        script.write_text(
            _RECORDS.format(calls=self.directory / "calls", killed=self.directory / "killed", real=self.real)
        )
        script.chmod(0o755)

    @property
    def killed(self) -> Path:
        """The file that, while it is there, has the next update killed."""
        return self.directory / "killed"

    def calls(self) -> list[str]:
        """Return the command lines since the last time."""
        calls = self.directory / "calls"
        found = calls.read_text().splitlines() if calls.exists() else []
        calls.unlink(missing_ok=True)
        return found


def manifests(name: str, *, maximum: int = 1, image: str = "ami-1e749f67", zone: str = "us-east-1a") -> str:
    """Return a small cluster: its own object and two instance groups. ``image`` is one that moto has."""
    group = """
---
apiVersion: kops.k8s.io/v1alpha2
kind: InstanceGroup
metadata:
  name: {group}
  labels: {{kops.k8s.io/cluster: {name}}}
spec:
  role: {role}
  image: {image}
  machineType: m5.large
  minSize: 1
  maxSize: {maximum}
  subnets: [{zone}]
"""
    cluster = f"""\
apiVersion: kops.k8s.io/v1alpha2
kind: Cluster
metadata:
  name: {name}
spec:
  channel: none
  cloudProvider: aws
  kubernetesVersion: 1.34.0
  api:
    loadBalancer: {{class: Network, type: Public}}
  etcdClusters:
  - name: main
    etcdMembers: [{{name: a, instanceGroup: control-plane}}]
  - name: events
    etcdMembers: [{{name: a, instanceGroup: control-plane}}]
  iam: {{allowContainerRegistry: true}}
  kubernetesApiAccess: [0.0.0.0/0]
  networking:
    cilium: {{}}
  subnets:
  - name: {zone}
    zone: {zone}
    type: Public
  topology:
    dns: {{type: None}}
"""
    plain = {"name": name, "image": "ami-1e749f67", "zone": zone}
    return (
        cluster
        + group.format(group="control-plane", role="Master", maximum=1, **plain)
        + group.format(group="nodes", role="Node", maximum=maximum, **{**plain, "image": image})
    )
