"""What all tests share: the fixtures of `kubernator.testing`."""

pytest_plugins = ["kubernator.testing.fixtures"]
