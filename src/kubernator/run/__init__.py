"""Putting a run together: the walk, the plugins and their stages, the scripts."""
