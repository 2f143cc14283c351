"""Frozen data that every floor above speaks in. Standard library only, no input or output."""
