"""How git is run, and what its failures mean."""

from __future__ import annotations

import logging

import pytest

from kubernator import errors, redaction
from kubernator.tools import git, gitcheckout, gittrouble, giturl, process
from kubernator.tools.gittrouble import Trouble


def config(environment):
    """Return the configuration in an environment, as pairs in order."""
    count = range(int(environment["GIT_CONFIG_COUNT"]))
    return [(environment[f"GIT_CONFIG_KEY_{n}"], environment[f"GIT_CONFIG_VALUE_{n}"]) for n in count]


def test_credentials_are_only_in_variables_of_their_own():
    """The helper's text has names of variables; the values are in those and nowhere else."""
    made = git.environment({}, url=giturl.parse("https://deploy:p4ssword@h:81/p"))
    assert [name for name, value in made.items() if "p4ssword" in value] == ["KUBERNATOR_GIT_PASSWORD"]
    assert [name for name, value in made.items() if "deploy" in value] == ["KUBERNATOR_GIT_USERNAME"]
    assert [(key, value) for key, value in config(made) if key.startswith("credential")] == [
        ("credential.https://h:81.helper", ""),
        ("credential.https://h:81.helper", git.HELPER),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://h/p", []),
        ("https://u@h/p", [("credential.https://h.username", "u")]),
        ("ssh://u@h/p", []),
        ("git://h/p", []),
    ],
)
def test_without_a_password_the_users_own_helpers_answer(text, expected):
    """Helpers that the user has configured are left alone, and learn the user name."""
    made = git.environment({}, url=giturl.parse(text))
    assert expected == [pair for pair in config(made) if pair[0].startswith("credential")]
    assert "KUBERNATOR_GIT_PASSWORD" not in made


def test_configuration_from_the_environment_stays():
    """What a pipeline hands over by `GIT_CONFIG_COUNT` is kept and comes first."""
    given = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "http.sslCAInfo", "GIT_CONFIG_VALUE_0": "ca"}
    made = config(git.environment(given, url=giturl.parse("https://h/p")))
    assert made[0] == ("http.sslCAInfo", "ca")
    assert ("remote.kubernator.url", "https://h/p") in made


def test_git_is_not_pointed_elsewhere_and_asks_nothing():
    """Variables that are set in a git hook go; others stay."""
    made = git.environment({"GIT_DIR": "/x", "GIT_INDEX_FILE": "y", "GIT_SSL_CAINFO": "ca", "LANGUAGE": "de"})
    assert made.keys().isdisjoint({"GIT_DIR", "GIT_INDEX_FILE", "LANGUAGE"})
    assert (made["GIT_TERMINAL_PROMPT"], made["LC_ALL"], made["GIT_SSL_CAINFO"]) == ("0", "C", "ca")
    assert made["GIT_HTTP_LOW_SPEED_TIME"] == "300"
    assert git.environment({"GIT_HTTP_LOW_SPEED_TIME": "5"})["GIT_HTTP_LOW_SPEED_TIME"] == "5"


@pytest.mark.parametrize(
    ("stderr", "expected"),
    [
        ("fatal: Authentication failed for 'https://h/p/'", Trouble.CREDENTIALS),
        ("fatal: could not read Username for 'https://h': terminal prompts disabled", Trouble.CREDENTIALS),
        ("fatal: unable to access 'https://h/': The requested URL returned error: 403", Trouble.CREDENTIALS),
        ("git@h: Permission denied (publickey).\nfatal: Could not read from remote repository.", Trouble.CREDENTIALS),
        ("Host key verification failed.\nfatal: Could not read from remote repository.", Trouble.HOST_KEY),
        ("fatal: unable to access 'https://h/': SSL certificate problem: self-signed", Trouble.CERTIFICATE),
        ("fatal: unable to access 'https://h/': server certificate verification failed.", Trouble.CERTIFICATE),
        ("fatal: repository 'https://h/p/' not found", Trouble.NO_REPOSITORY),
        ("fatal: remote error: access denied or repository not exported: /p", Trouble.NO_REPOSITORY),
        ("fatal: '/p' does not appear to be a git repository", Trouble.NO_REPOSITORY),
        ("fatal: unable to access 'https://h/': Could not resolve host: h", Trouble.UNREACHABLE),
        ("fatal: unable to connect to h:\nh[0: 127.0.0.1]: errno=Connection refused", Trouble.UNREACHABLE),
        ("fatal: unable to access 'http://h/': The requested URL returned error: 502", Trouble.UNREACHABLE),
        ("ssh: Could not resolve hostname h: Name or service not known", Trouble.UNREACHABLE),
        ("fatal: remote error: upload-pack: not our ref 0123", Trouble.NO_OBJECT),
        ("fatal: couldn't find remote ref refs/heads/x", Trouble.NO_OBJECT),
        ("fatal: write error: No space left on device", Trouble.DISK),
        ("fatal: unable to access 'http://h/': Operation too slow. Less than 1 bytes/sec", Trouble.UNREACHABLE),
        ("Smudge error: Error downloading a\nfatal: a: smudge filter lfs failed", Trouble.LFS),
        ("fatal: dumb http transport does not support shallow capabilities", Trouble.OTHER),
        ("error: Server does not allow request for unadvertised object 0123", Trouble.OTHER),
        ("fatal: bad object HEAD", Trouble.OTHER),
    ],
)
def test_what_git_says_is_understood(stderr, expected):
    """Each kind of failure has words of its own; the rest is shown as git says it."""
    assert expected is gittrouble.trouble(stderr)


def test_an_error_shows_what_git_said_without_secrets():
    """Passwords are redacted, hints name what to do."""
    secrets = redaction.Secrets()
    secrets.add("p4ssword")
    error = gittrouble.source_error(
        giturl.parse("https://h/p"), "fatal: Authentication failed for p4ssword", secrets=secrets
    )
    assert error.title == "repository `https://h/p` refused the credentials, or wants some"
    assert error.detail == [("git said", "fatal: Authentication failed for <secret 1>")]
    assert "repository_credentials_provider" in error.hint


class Runner:
    """Answers like `process.run`, from a list of outputs by subcommand."""

    def __init__(self, **answers):
        self.answers = answers
        self.calls = []

    def __call__(self, argv, *, env, on_stdout, on_stderr, **_):
        self.calls.append((argv, env))
        out, err = self.answers.get(argv[1], ("", ""))
        for line in out.splitlines():
            on_stdout(line)
        for line in err.splitlines():
            on_stderr(line)
        return process.Completed(argv=tuple(argv), code=0, stdout=out, stderr=err)


def test_output_is_logged_as_in_the_reference(caplog):
    """Stdout at DEBUG, stderr at INFO of `kubernator.repository.git`, both redacted."""
    secrets = redaction.Secrets()
    secrets.add("p4ssword")
    with caplog.at_level(logging.DEBUG, "kubernator.repository.git"):
        git.Git(secrets=secrets, runner=Runner(fetch=("out p4ssword", "err p4ssword\n\n")), base={}).run("fetch")
    name = "kubernator.repository.git"
    assert [(name, logging.DEBUG, "out <secret 1>"), (name, logging.INFO, "err <secret 1>")] == caplog.record_tuples


@pytest.mark.parametrize(("said", "old"), [("git version 2.25.1", True), ("git version 2.31.0", False), ("odd", False)])
def test_an_old_git_is_refused(said, old):
    """A git that ignores configuration from the environment would fail in odd ways; an unknown one may try."""
    found = git.Git(runner=Runner(version=(said, "")), base={})
    if old:
        with pytest.raises(errors.SourceError, match=r"git 2\.25 is too old"):
            found.require()
    else:
        found.require()


@pytest.mark.parametrize(
    ("base", "configured", "expected"),
    [
        ({}, "", git.SSH_COMMAND),
        ({"GIT_SSH_COMMAND": "ssh -v"}, "", "ssh -v"),
        ({"GIT_SSH": "/my/ssh"}, "", None),
        ({}, "ssh -F mine", None),
    ],
)
def test_ssh_asks_nothing_unless_the_user_chose_one(base, configured, expected):
    """An ssh of the user's choice, by environment or configuration, is left alone."""
    runner = Runner(config=(configured, ""))
    git.Git(runner=runner, base=base).run("fetch", url=giturl.parse("git@h:p"))
    assert expected == runner.calls[-1][1].get("GIT_SSH_COMMAND")


@pytest.mark.parametrize(
    ("directories", "expected"),
    [
        (("a",), ["/*", "!/*/", "/a/"]),
        (("a/b/c",), ["/*", "!/*/", "/a/", "!/a/*/", "/a/b/", "!/a/b/*/", "/a/b/c/"]),
        (("a", "a/b"), ["/*", "!/*/", "/a/"]),
        (("a/x", "b"), ["/*", "!/*/", "/a/", "!/a/*/", "/a/x/", "/b/"]),
        (("a[1]*",), ["/*", "!/*/", "/a\\[1]\\*/"]),
    ],
)
def test_directories_as_cone_patterns(directories, expected):
    """Each directory with all below it, and the files on the way."""
    assert expected == gitcheckout._cone(directories).splitlines()
