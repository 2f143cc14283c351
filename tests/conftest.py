"""What all tests share: the fixtures of `kubernator.testing`, the real programs of `toolchain`, how properties run."""

from hypothesis import HealthCheck, settings

pytest_plugins = ["kubernator.testing.fixtures", "toolchain.fixtures"]

# how long an example takes says how busy the machine is, and nothing about what is tested
settings.register_profile("kubernator", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kubernator")
