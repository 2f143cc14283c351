# The istioctl on PATH; `version="1.29.1"` would fetch and verify that one. Its version is what gets installed.
ktor.app.register_plugin("istio")

ktor.access_log = "/dev/stdout"
