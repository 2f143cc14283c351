"""The names that scripts and plugins written for the reference import from ``kubernator.api``.

Everything here works as it did, with what is listed in the migration guide. New plugins start at `kubernator.plugin`.
What is slow to import is imported when its name is first asked for.
"""

from __future__ import annotations

import importlib
import io
from typing import TYPE_CHECKING, Any, Final

from kubernator.api.adapter import KubernatorPlugin
from kubernator.scope.globs import Globs
from kubernator.scope.properties import ContextProperty

if TYPE_CHECKING:
    from io import StringIO as io_StringIO

    from kubernator.api.context import PropertyDict, calling_frame_source, config_as_dict, config_get, config_parent
    from kubernator.api.files import (
        FileType,
        clone_url_str,
        download_remote_file,
        get_app_cache_dir,
        get_cache_dir,
        load_file,
        load_remote_file,
        parse_yaml_docs,
        re_filter,
        scan_dir,
        sha256_file_digest,
        to_patterns,
    )
    from kubernator.api.programs import (
        StringIO,
        StripNL,
        get_golang_machine,
        get_golang_os,
        install_python_k8s_client,
        prepend_os_path,
        tool_environment,
        validator_with_defaults,
    )
    from kubernator.load.filters import (
        to_json,
        to_json_yaml_str,
        to_json_yaml_str_block,
        to_yaml,
        to_yaml_str,
        to_yaml_str_block,
    )
    from kubernator.load.template import Template, TemplateEngine
    from kubernator.tools.jsonpath import jp
    from kubernator.tools.process import DEVNULL, CalledProcessError
    from kubernator.tools.runner import run, run_capturing_out, run_pass_through_capturing

    Repository = Any

__all__ = [
    "DEVNULL",
    "CalledProcessError",
    "ContextProperty",
    "FileType",
    "Globs",
    "KubernatorPlugin",
    "PropertyDict",
    "Repository",
    "StringIO",
    "StripNL",
    "Template",
    "TemplateEngine",
    "calling_frame_source",
    "clone_url_str",
    "config_as_dict",
    "config_get",
    "config_parent",
    "download_remote_file",
    "get_app_cache_dir",
    "get_cache_dir",
    "get_golang_machine",
    "get_golang_os",
    "install_python_k8s_client",
    "io_StringIO",
    "jp",
    "load_file",
    "load_remote_file",
    "parse_yaml_docs",
    "prepend_os_path",
    "re_filter",
    "run",
    "run_capturing_out",
    "run_pass_through_capturing",
    "scan_dir",
    "sha256_file_digest",
    "to_json",
    "to_json_yaml_str",
    "to_json_yaml_str_block",
    "to_patterns",
    "to_yaml",
    "to_yaml_str",
    "to_yaml_str_block",
    "tool_environment",
    "validator_with_defaults",
]

_CONTEXT: Final = "kubernator.api.context"
_FILES: Final = "kubernator.api.files"
_FILTERS: Final = "kubernator.load.filters"
_PROGRAMS: Final = "kubernator.api.programs"

#: Name -> the module it is in.
_ELSEWHERE: Final = {
    "CalledProcessError": "kubernator.tools.process",
    "DEVNULL": "kubernator.tools.process",
    "FileType": _FILES,
    "PropertyDict": _CONTEXT,
    "Repository": "kubernator.run.remote",
    "StringIO": _PROGRAMS,
    "StripNL": _PROGRAMS,
    "Template": "kubernator.load.template",
    "TemplateEngine": "kubernator.load.template",
    "calling_frame_source": _CONTEXT,
    "clone_url_str": _FILES,
    "config_as_dict": _CONTEXT,
    "config_get": _CONTEXT,
    "config_parent": _CONTEXT,
    "download_remote_file": _FILES,
    "get_app_cache_dir": _FILES,
    "get_cache_dir": _FILES,
    "get_golang_machine": _PROGRAMS,
    "get_golang_os": _PROGRAMS,
    "install_python_k8s_client": _PROGRAMS,
    "jp": "kubernator.tools.jsonpath",
    "load_file": _FILES,
    "load_remote_file": _FILES,
    "parse_yaml_docs": _FILES,
    "prepend_os_path": _PROGRAMS,
    "re_filter": _FILES,
    "run": "kubernator.tools.runner",
    "run_capturing_out": "kubernator.tools.runner",
    "run_pass_through_capturing": "kubernator.tools.runner",
    "scan_dir": _FILES,
    "sha256_file_digest": _FILES,
    "to_json": _FILTERS,
    "to_json_yaml_str": _FILTERS,
    "to_json_yaml_str_block": _FILTERS,
    "to_patterns": _FILES,
    "to_yaml": _FILTERS,
    "to_yaml_str": _FILTERS,
    "to_yaml_str_block": _FILTERS,
    "tool_environment": _PROGRAMS,
    "validator_with_defaults": _PROGRAMS,
}


def __getattr__(name: str) -> Any:
    if name == "io_StringIO":
        return io.StringIO
    module = _ELSEWHERE.get(name)
    if module is None:
        raise AttributeError(f"module `{__name__}` has no `{name}`")
    return getattr(importlib.import_module(module), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
