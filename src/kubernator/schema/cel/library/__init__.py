"""Functions of CEL and of Kubernetes for it, as tables of signatures."""

from kubernator.schema.cel.library import core, kinds, lists, network, patterns, texts

__all__ = ["TABLES"]

#: All libraries; of overloads of one name, the first that fits is taken.
TABLES = (core.TABLE, texts.TABLE, lists.TABLE, patterns.TABLE, network.TABLE, kinds.TABLE)
