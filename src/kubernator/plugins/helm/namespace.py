"""``ktor.helm``: what scripts see of the Helm plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kubernator import errors
from kubernator.files import FileNamespace
from kubernator.load.document import Document
from kubernator.plugin import scoped
from kubernator.plugins.helm import release

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kubernator.plugins.helm.plugin import HelmPlugin

__all__ = ["HelmNamespace", "InvalidSetting"]


class InvalidSetting(errors.PluginError, ValueError):
    """An option or setting of the plugin has a value it cannot have."""


def _hooks(value: Any) -> str:
    if value not in release.HOOKS:
        choices = ", ".join(f"`{choice}`" for choice in release.HOOKS)
        raise InvalidSetting(f"`hooks` cannot be `{value}`", hint=f"it is one of {choices}")
    return str(value)


class HelmNamespace(FileNamespace, includes=["*.helm.yaml", "*.helm.yml"]):
    """``ktor.helm``. What is set holds in this directory and below."""

    _plugin: HelmPlugin

    #: Whether objects that a chart gives no namespace get the release's.
    namespace_transformer: scoped[bool] = scoped(True, convert=bool)
    #: Whether a warning is given for charts of which there is a newer version.
    check_chart_versions: scoped[bool] = scoped(False, convert=bool)
    #: What becomes of hooks where a release does not say it: ``apply``, ``skip`` or ``plain``.
    hooks: scoped[str] = scoped("apply", convert=_hooks)

    @property
    def helm_file(self) -> str:
        """The path of the program."""
        return str(self._plugin.tool.path)

    def stanza(self) -> list[str]:
        """Return the beginning of a command line of helm: the program, the kubeconfig, our own list of repositories."""
        return self._plugin.stanza()

    def add_helm(
        self,
        *,
        chart: str,
        name: str,
        namespace: str,
        repository: str | None = None,
        version: str | None = None,
        include_crds: bool = True,
        values: Mapping[str, Any] | None = None,
        values_file: str | None = None,
        hooks: str | None = None,
        plain_http: bool = False,
        ca_file: str | None = None,
    ) -> None:
        """Render a chart now and add its resources. The arguments are the keys of a ``*.helm.yaml``.

        Raises an error that is also a RuntimeError for what is wrong with the arguments or the chart.
        """
        given = {
            "chart": chart,
            "name": name,
            "namespace": namespace,
            "repository": repository,
            "version": version,
            "include-crds": include_crds,
            "values": values,
            "values-file": None if values_file is None else str(values_file),
            "hooks": hooks,
            "plain-http": plain_http,
            "ca-file": ca_file,
        }
        required = {key for key, known in release.KEYS.items() if known.required}
        self.add_helm_template({key: value for key, value in given.items() if key in required or value is not None})

    def add_helm_template(self, template: Mapping[str, Any]) -> None:
        """Render a chart now and add its resources, from a dict with the keys of a ``*.helm.yaml``."""
        problems: list[Any] = []
        found = release.read(Document(value=template, origin=self._host.origin()), problems)
        if found is None:
            raise release.as_error(problems)
        self._plugin.add(found)
