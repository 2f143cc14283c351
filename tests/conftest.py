"""What all tests share: the fixtures of `kubernator.testing`, and the real programs of `toolchain`."""

pytest_plugins = ["kubernator.testing.fixtures", "toolchain.fixtures"]
