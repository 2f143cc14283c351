"""What all tests share: the fixtures of `kubernator.testing`, the real programs of `toolchain`, how properties run."""

import signal

import pytest
from hypothesis import HealthCheck, settings

# what is shared by suites asserts too, and a failure there should tell what differs
pytest.register_assert_rewrite(
    *("faulty", "rounds", "ruled", "sharing", "trees", "twins"),
    *("cloudservers", "helmtree", "infrastructure", "kopscloud", "toolchain"),
)

pytest_plugins = ["kubernator.testing.fixtures", "toolchain.fixtures", "agreement.summary"]

# a shell lets what it starts in the background ignore Ctrl-C, and so would all programs that tests interrupt
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# how long an example takes says how busy the machine is, and nothing about what is tested
settings.register_profile("kubernator", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kubernator")
