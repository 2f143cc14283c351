"""kOps: clusters in a state store, from manifests of the tree.

Two things are kept apart. What a *state store* holds is compared with the manifests and written by `store`; what the
*cloud* holds is brought in line by kOps itself, when a script asks for it, in `steps`. Neither is written before
``apply --yes`` comes to it.

What the manifests mean is decided by the program of the run and not by a copy of its types: it writes them into an
empty state store of ours, below a private directory, and what it says they are is compared. See `scratch`.
"""
