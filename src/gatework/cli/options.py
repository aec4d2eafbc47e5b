"""Command-line options made from the settings: each is written once, as a field with its description."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable
from typing import Annotated, Any, get_args, get_origin

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from rich.markup import escape

from gatework.errors import InputError

TITLES = {"data": "Data", "model": "Model", "training": "Training"}


def with_settings(
    command: Callable[..., Any], sections: dict[str, type[BaseModel]], leave_out: Iterable[str] = ()
) -> Callable[..., Any]:
    """Give a command an option for each field of the sections.

    The command's parameter ``settings`` receives section -> field -> value, with what the user said only.
    """
    placed = {
        name: section
        for section, model in sections.items()
        for name in model.model_fields
        if name not in set(leave_out)
    }

    def called(**values: Any) -> Any:
        settings: dict[str, dict[str, Any]] = {section: {} for section in sections}
        for name, section in placed.items():
            value = values.pop(name)
            if value is not None and value != []:
                field = sections[section].model_fields[name]
                example = f"{_flag(name, field)} {(field.examples or [''])[0]}"
                settings[section][name] = read_pairs(value, example) if _is_mapping(field) else value
        return command(settings=settings, **values)

    own = [p for p in inspect.signature(command, eval_str=True).parameters.values() if p.name != "settings"]
    made = [_option(name, sections[section].model_fields[name], TITLES[section]) for name, section in placed.items()]
    signature = inspect.Signature([p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in [*own, *made]])
    called.__signature__ = signature  # type: ignore[attr-defined]
    called.__annotations__ = {p.name: p.annotation for p in signature.parameters.values()}
    called.__doc__, called.__name__ = command.__doc__, command.__name__
    return called


def _option(name: str, field: FieldInfo, panel: str) -> inspect.Parameter:
    flag = _flag(name, field)
    kind = list[str] if _is_mapping(field) else _plain_type(field)
    flags = [f"{flag}/--no-{flag[2:]}"] if kind is bool else [flag]
    option = typer.Option(
        *flags,
        help=f"{escape(field.description or '')}{_shown_default(field.default)}",
        rich_help_panel=panel,
        metavar="NAME=VALUE" if _is_mapping(field) else None,
    )
    wanted = kind if kind == list[str] else kind | None
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[wanted, option])


def _flag(name: str, field: FieldInfo) -> str:
    flag = "--" + name.replace("_", "-")
    return flag.removesuffix("s") if _is_mapping(field) else flag


def _plain_type(field: FieldInfo) -> Any:
    """The type of a field without None."""
    kinds = [kind for kind in get_args(field.annotation) if kind is not type(None)]
    is_union = type(None) in get_args(field.annotation)
    return kinds[0] if is_union else field.annotation


def _is_mapping(field: FieldInfo) -> bool:
    return get_origin(field.annotation) is dict


def _shown_default(default: Any) -> str:
    """The default as the help shows it. Typer's own default is None, which tells what the user left out."""
    if default in (None, "", {}) or isinstance(default, bool):
        return ""
    return rf" [dim]\[default: {default}][/dim]"


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
