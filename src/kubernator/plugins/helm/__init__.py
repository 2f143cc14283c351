"""The Helm plugin: charts of directories, archives, repositories and registries, rendered to resources."""
