"""Command-line options made from the settings: each is written once, as a field with its description."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Collection, Mapping
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from rich.markup import escape

from gatework.errors import InputError

TITLES = {
    "data": "Data",
    "model": "Model",
    "training": "Training",
    "prediction": "Prediction",
    "generation": "Generation",
}


Sections = Mapping[str, type[BaseModel]]


def with_settings(
    command: Callable[..., Any],
    tasks: Mapping[str, Sections],
    shown: Collection[str],
    leave_out: Collection[str] = (),
) -> Callable[..., Any]:
    """Give a command an option for each field of the tasks' sections.

    The command's parameter ``settings`` receives section -> field -> value, with what the user said only.

    Args:
        command: the function behind the command.
        tasks: task -> section -> settings; a field of the same name in several tasks is one option.
        shown: the tasks whose options the help shows, each with its defaults; those of the others are hidden.
        leave_out: fields that are no option.
    """
    fields = _gathered(tasks, shown, leave_out)

    def called(**values: Any) -> Any:
        settings: dict[str, dict[str, Any]] = {}
        for name, (section, field, _) in fields.items():
            value = values.pop(name)
            if value is not None and value != []:
                example = f"{_flag(name, field)} {(field.examples or [''])[0]}"
                given = read_pairs(value, example) if _is_mapping(field) else value
                settings.setdefault(section, {})[name] = given
        return command(settings=settings, **values)

    own = [p for p in inspect.signature(command, eval_str=True).parameters.values() if p.name != "settings"]
    made = [_option(name, one) for name, one in fields.items()]
    signature = inspect.Signature([p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in [*own, *made]])
    called.__signature__ = signature  # type: ignore[attr-defined]
    called.__annotations__ = {p.name: p.annotation for p in signature.parameters.values()}
    called.__doc__, called.__name__ = command.__doc__, command.__name__
    return called


class _Setting(NamedTuple):
    """A field, its section, and its default in each task whose options are shown."""

    section: str
    field: FieldInfo
    defaults: dict[str, Any]


def _gathered(tasks: Mapping[str, Sections], shown: Collection[str], leave_out: Collection[str]) -> dict[str, _Setting]:
    """The fields of all tasks by their names, those of the shown ones first."""
    found: dict[str, _Setting] = {}
    for task in sorted(tasks, key=lambda task: [*shown, task].index(task)):
        for section, model in tasks[task].items():
            for name, field in model.model_fields.items():
                if name in leave_out:
                    continue
                first = found.setdefault(name, _Setting(section, field, {}))
                if first.field.annotation != field.annotation and get_origin(_plain_type(field)) is Literal:
                    found[name] = first._replace(field=_open(first.field))
                if task in shown:
                    first.defaults[task] = field.default
    return found


def check_given(settings: Mapping[str, Mapping[str, Any]], tasks: Mapping[str, Sections], task: str) -> None:
    """Refuse what was given but is no setting of the task.

    Raises:
        InputError: there is such a setting, of other tasks.
    """
    for section, given in settings.items():
        own = tasks[task][section].model_fields if section in tasks[task] else {}
        for name in given:
            if name not in own:
                others = [other for other in tasks if name in tasks[other].get(section, BaseModel).model_fields]
                raise InputError(
                    f"--{name.replace('_', '-')} is no option of the task {task}, but of {', '.join(others)}",
                    "leave it out, or name the task with --task",
                )


def words_of(settings: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Settings as they are given on a command line: what ``with_settings`` reads."""
    words: list[str] = []
    for name, value in (pair for given in settings.values() for pair in given.items()):
        flag = "--" + name.replace("_", "-")
        if isinstance(value, bool):
            words.append(flag if value else f"--no-{flag[2:]}")
        elif isinstance(value, dict):
            pairs = [f"{key}={one if isinstance(one, str) else json.dumps(one)}" for key, one in value.items()]
            words += [word for pair in pairs for word in (flag.removesuffix("s"), pair)]
        else:
            listed = value if isinstance(value, list) else [value]
            words += [word for one in listed for word in (flag, _word(one))]
    return words


def _word(value: Any) -> str:
    return str(value).removesuffix(".0") if isinstance(value, float) else str(value)


def _option(name: str, setting: _Setting) -> inspect.Parameter:
    field = setting.field
    flag = _flag(name, field)
    kind = list[str] if _is_mapping(field) else _plain_type(field)
    flags = [f"{flag}/--no-{flag[2:]}"] if kind is bool else [flag]
    option = typer.Option(
        *flags,
        help=f"{escape(field.description or '')}{_shown_defaults(setting.defaults)}",
        rich_help_panel=TITLES[setting.section],
        metavar="NAME=VALUE" if _is_mapping(field) else None,
        hidden=not setting.defaults,
    )
    wanted = kind | None if kind != list[str] else kind
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[wanted, option])


def _open(field: FieldInfo) -> FieldInfo:
    """A choice that differs from task to task, as any word: the task's settings check it."""
    kind = field.annotation if get_origin(_plain_type(field)) is not Literal else str
    return FieldInfo(annotation=kind, default=field.default, description=field.description)


def _flag(name: str, field: FieldInfo) -> str:
    flag = "--" + name.replace("_", "-")
    return flag.removesuffix("s") if _is_mapping(field) else flag


def _plain_type(field: FieldInfo) -> Any:
    """The type of a field without None, and without what pydantic notes beside it."""
    kinds = [kind for kind in get_args(field.annotation) if kind is not type(None)]
    is_union = type(None) in get_args(field.annotation)
    kind = kinds[0] if is_union else field.annotation
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def _is_mapping(field: FieldInfo) -> bool:
    return get_origin(field.annotation) is dict


def _shown_defaults(defaults: Mapping[str, Any]) -> str:
    """The default as the help shows it, or that of each task. Typer's own is None: it tells what the user left out."""
    of: dict[str, list[str]] = {}
    for task, default in defaults.items():
        said = "" if default in (None, "", {}, []) or isinstance(default, bool) else str(default)
        of.setdefault(said, []).append(task)
    words = [f"{said} ({', '.join(those)})" if len(of) > 1 else said for said, those in of.items() if said]
    return rf" [dim]\[default: {'; '.join(words)}][/dim]" if words else ""


def read_pairs(words: list[str], example: str) -> dict[str, Any]:
    """``["bias=false", "activation=relu"]`` as a dictionary; values are read as JSON where they are JSON.

    Raises:
        InputError: a word is no pair; the example shows how it is said.
    """
    pairs = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise InputError(f"{word!r} is not NAME=VALUE", f"for example {example}")
        plain = value.lower() if value in ("True", "False") else value
        try:
            pairs[name.replace("-", "_")] = json.loads(plain)
        except ValueError:
            pairs[name.replace("-", "_")] = value
    return pairs
