"""Outputs of Terragrunt's units, one of which depends on the other."""

ktor.app.register_plugin("k8s")
ktor.app.register_plugin("terragrunt")

# Outputs of all units go here, and so are seen by all directories; the units have their turn before the others.
ktor.tf = {}
ktor.app.includes = ["infra", "*"]
