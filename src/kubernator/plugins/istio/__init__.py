"""The Istio plugin."""

from kubernator.plugins.istio.plugin import IstioNamespace, IstioPlugin

__all__ = ["IstioNamespace", "IstioPlugin"]
