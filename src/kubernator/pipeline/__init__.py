"""Pure steps over manifests and the set of resources: data in, data and findings out."""
