"""What the API server checks of jobs, and of those that come again and again.

Source: ``ValidateJobCreate`` and ``ValidateCronJobCreate`` of Kubernetes' package ``batch/validation``, after what
``batch/v1/defaults.go`` fills in and the strategy of jobs adds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kubernator.schema import labelling, names
from kubernator.schema.builtin import indexes, parts, pods, schedules, selectors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kubernator.schema.builtin.field import Field

__all__ = ["CHECKS"]

_NUMBERS: Final = (
    *("parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"),
    *("backoffLimitPerIndex", "maxFailedIndexes"),
)
_MOST_PARALLEL: Final = 100_000
_MOST_FAILED: Final = 100_000
_MANY_COMPLETIONS: Final = 100_000
_MOST_OF_MANY: Final = 10_000
_MOST_RULES: Final = 20
_MOST_CODES: Final = 255
_LONGEST_MANAGER: Final = 63
_LONGEST_CRON_NAME: Final = 52
_STATUSES: Final = ("False", "True", "Unknown")
_UNIQUE: Final = frozenset({"controller-uid", "batch.kubernetes.io/controller-uid"})
_NAME_LABELS: Final = ("job-name", "batch.kubernetes.io/job-name")


def _job(root: Field) -> None:
    spec, name = root["spec"], root["metadata"]["name"]
    _check_job(spec, made=True)
    labelling.check_selector(spec["selector"])
    if spec["manualSelector"].flag:
        _check_own_selector(spec)
    else:
        _check_made_selector(spec, name.text)
        if len(name.text) > names.LONGEST_LABEL:  # it becomes a label of the pods
            spec["template"]["labels"].invalid(f"must be no more than {names.LONGEST_LABEL} bytes")
    completions = spec["completions"].number
    if spec["completionMode"].text == "Indexed" and completions and name.text:
        last = f"{name.text}-{completions - 1}"
        if names.dns_label(last):
            name.invalid(f"will not able to create pod with invalid DNS label: {last}")


def _check_own_selector(spec: Field) -> None:
    selector, labels = spec["selector"], spec["template"]["metadata"]["labels"]
    if not selector:
        selector.required()
    else:
        selectors.check_selects(selector, labels)


def _check_made_selector(spec: Field, name: str) -> None:
    """Say so where a selector or labels differ from those that the server makes itself, as far as they are known."""
    selector, labels = spec["selector"], spec["template"]["metadata"]["labels"]
    told = {key: each.text for key, each in selector["matchLabels"].entries() if key not in _UNIQUE}
    known = dict.fromkeys(_NAME_LABELS, name)
    if any(key not in known or (name and known[key] != value) for key, value in told.items()):
        selector.invalid("`selector` not auto-generated")
    for key in _NAME_LABELS if name else ():
        if labels[key] and labels[key].text != name:
            labels[key].invalid(f"must be '{name}'")


def _check_job(spec: Field, *, made: bool) -> None:
    for number in spec.given(_NUMBERS):
        parts.check_signed(number)
    _check_manager(spec["managedBy"])
    if spec["completionMode"].text == "Indexed":
        _check_indexed(spec, made=made)
    else:
        for each in ("backoffLimitPerIndex", "maxFailedIndexes", "successPolicy"):
            if spec[each]:
                spec[each].invalid("requires indexed completion mode")
    if spec["maxFailedIndexes"] and not spec["backoffLimitPerIndex"]:
        spec["backoffLimitPerIndex"].required("when maxFailedIndexes is specified")
    _check_failures(spec)
    pods.check_template(spec["template"])
    restarts = spec["template"]["spec"]["restartPolicy"]
    if restarts.text in {"", "Always"}:
        restarts.required('valid values: "OnFailure", "Never"')
    elif spec["podFailurePolicy"] and restarts.text == "OnFailure":
        restarts.invalid('only "Never" is supported when podFailurePolicy is specified')


def _check_manager(field: Field) -> None:
    if field:
        parts.check_prefixed_path(field)
    parts.check_length(field, _LONGEST_MANAGER)


def _check_indexed(spec: Field, *, made: bool) -> None:
    completions, parallelism, failed = spec["completions"], spec["parallelism"], spec["maxFailedIndexes"]
    if not completions and (parallelism or not made):  # without both, each is 1, once the Job is made
        completions.required("when completion mode is Indexed")
    if (parallelism.number or 0) > _MOST_PARALLEL:
        parallelism.invalid(f"must be less than or equal to {_MOST_PARALLEL} when completion mode is Indexed")
    count = completions.number if completions else None if parallelism or not made else 1
    if count is not None and (failed.number or 0) > count:
        failed.invalid("must be less than or equal to completions")
    if (failed.number or 0) > _MOST_FAILED:
        failed.invalid(f"must be less than or equal to {_MOST_FAILED}")
    if (count or 0) > _MANY_COMPLETIONS and spec["backoffLimitPerIndex"]:
        _check_many(spec)
    if spec["successPolicy"]:
        indexes.check_success(spec["successPolicy"], count)


def _check_many(spec: Field) -> None:
    if not spec["maxFailedIndexes"]:
        spec["maxFailedIndexes"].required(f"must be specified when completions is above {_MANY_COMPLETIONS}")
    for each in (spec["parallelism"], spec["maxFailedIndexes"]):
        if (each.number or 0) > _MOST_OF_MANY:
            each.invalid(
                f"must be less than or equal to {_MOST_OF_MANY} when completions are above {_MANY_COMPLETIONS} and "
                "used with backoff limit per index"
            )


def _check_failures(spec: Field) -> None:
    policy = spec["podFailurePolicy"]
    if not policy:
        return
    if spec["podReplacementPolicy"].text not in {"", "Failed"}:
        spec["podReplacementPolicy"].unsupported(("Failed",))
    parts.too_many(policy["rules"], _MOST_RULES)
    template = spec["template"]["spec"]
    known = {each["name"].text for kind in ("containers", "initContainers") for each in template[kind].items()}
    for rule in policy["rules"].items():
        codes, conditions = rule["onExitCodes"], rule["onPodConditions"]
        if rule["action"].text == "FailIndex" and not spec["backoffLimitPerIndex"]:
            rule["action"].invalid("requires the backoffLimitPerIndex to be set")
        if codes and conditions.size:
            rule.invalid("specifying both OnExitCodes and OnPodConditions is not supported")
        if not codes and not conditions.size:
            rule.invalid("specifying one of OnExitCodes and OnPodConditions is required")
        if codes:
            _check_codes(codes, known)
        parts.too_many(conditions, _MOST_RULES)
        for each in conditions.items():
            each["type"].complain(names.qualified_name(each["type"].text))
            parts.check_word(each["status"], _STATUSES)


def _check_codes(field: Field, known: set[str]) -> None:
    name, values = field["containerName"], field["values"]
    if name and name.text not in known:
        name.invalid("must be one of the container or initContainer names in the pod template")
    if not values.size:
        values.invalid("at least one value is required")
    parts.too_many(values, _MOST_CODES)
    numbers = [each.number or 0 for each in values.items()]
    for index, each in enumerate(values.items()):
        if field["operator"].text == "In" and each.number == 0:
            each.invalid("must not be 0 for the In operator")
        if numbers[index] in numbers[:index]:
            each.duplicate()
    if numbers != sorted(numbers):
        values.invalid("must be ordered")


def _cron_job(root: Field) -> None:
    spec, name = root["spec"], root["metadata"]["name"]
    if not spec:
        return
    schedules.check_schedule(spec["schedule"])
    schedules.check_zone(spec["timeZone"])
    for each in ("startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"):
        parts.check_signed(spec[each])
    if spec["jobTemplate"]:
        _check_job_template(spec["jobTemplate"]["spec"])
    if parts.length(name.text) > _LONGEST_CRON_NAME:
        name.invalid(f"must be no more than {_LONGEST_CRON_NAME} characters")


def _check_job_template(spec: Field) -> None:
    _check_job(spec, made=False)
    if spec["selector"]:
        spec["selector"].invalid("`selector` will be auto-generated")
    if spec["manualSelector"].flag:
        spec["manualSelector"].unsupported(("nil", "false"))


CHECKS: Final[Mapping[tuple[str, str], Callable[[Field], None]]] = {
    ("batch", "Job"): _job,
    ("batch", "CronJob"): _cron_job,
}
