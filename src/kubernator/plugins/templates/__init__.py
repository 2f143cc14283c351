"""The templates plugin: bodies of manifests with values, defined in one file and applied in others."""
