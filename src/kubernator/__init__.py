"""Kubernator makes a Kubernetes cluster match a directory tree."""

from __future__ import annotations

__version__ = "2.0.0.dev1"
