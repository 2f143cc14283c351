"""The real programs that the tests run: where each comes from, and how it gets onto a machine that has none."""
