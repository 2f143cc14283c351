"""Kubernator beside its peers, in one run: ``python -m benchmarks``; docs/how-to/benchmark.md says how and what for."""
