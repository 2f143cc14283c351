"""Text to documents: YAML and JSON as kubectl reads them, templates, lists of manifests."""
