"""Streams of characters to be predicted: sums with distractors, tags of XML, Python's language reference.

Source: Jozefowicz, Zaremba and Sutskever 2015 (proceedings.mlr.press/v37/jozefowicz15), section 3.5.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

LETTERS = "abcdefghijklmnopqrstuvwxyz"
DIGITS = "0123456789"
ARITHMETIC_END = "."
MOST_DIGITS = 2
DEEPEST = 4
LONGEST_NAME = 6

Stream = tuple[str, list[bool]]
"""A text, and for each character whether its prediction is judged."""


def sums(length: int, random: np.random.Generator) -> Stream:
    """Sums and differences of two numbers, letters strewn among their digits; the digits of results are judged.

    As ``3e36d9-h1h39f94eeh43keg3c=-13991064.``; numbers have up to two digits, the paper's up to eight.
    """
    texts: list[str] = []
    judged: list[bool] = []
    while len(judged) < length:
        one, other = (int(random.integers(0, 10 ** random.integers(1, MOST_DIGITS + 1))) for _ in range(2))
        sign = "+-"[random.integers(2)]
        question = _strewn(str(one), random) + sign + _strewn(str(other), random) + "="
        answer = str(one + other if sign == "+" else one - other) + ARITHMETIC_END
        texts += [question, answer]
        judged += [False] * len(question) + [True] * len(answer)
    return "".join(texts)[:length], judged[:length]


def _strewn(number: str, random: np.random.Generator) -> str:
    return "".join(LETTERS[random.integers(len(LETTERS))] * (random.random() < 0.5) + digit for digit in number)


def tags(length: int, random: np.random.Generator) -> Stream:
    """Opening and closing tags with names of two to six random letters, nested up to four deep; all is judged."""
    texts: list[str] = []
    opened: list[str] = []
    total = 0
    while total < length:
        if opened and (len(opened) == DEEPEST or random.random() < 0.5):
            texts.append(f"</{opened.pop()}>")
        else:
            opened.append("".join(random.choice(list(LETTERS), random.integers(2, LONGEST_NAME + 1))))
            texts.append(f"<{opened[-1]}>")
        total += len(texts[-1])
    return "".join(texts)[:length], [True] * length


@functools.cache
def reference_text() -> str:
    """Python's language reference as the interpreter has it for ``help``, ASCII alone."""
    from pydoc_data.topics import topics

    return "".join(character for name in sorted(topics) for character in topics[name] if character.isascii())


def reference(length: int, random: np.random.Generator) -> Stream:
    """A piece of the first nine tenths of the language reference, from anywhere."""
    text = reference_text()
    learnt = text[: len(text) * 9 // 10]
    return _piece(learnt, length, random)


def held_out_reference(length: int, random: np.random.Generator) -> Stream:
    """A piece of its last tenth."""
    text = reference_text()
    return _piece(text[len(text) * 9 // 10 :], length, random)


def _piece(text: str, length: int, random: np.random.Generator) -> Stream:
    begin = int(random.integers(0, max(1, len(text) - length)))
    piece = (text[begin:] + text)[:length]
    return piece, [True] * len(piece)


MAKERS: dict[str, tuple[Callable[[int, np.random.Generator], Stream], Callable[[int, np.random.Generator], Stream]]] = {
    "arithmetic": (sums, sums),
    "XML": (tags, tags),
    "Python reference": (reference, held_out_reference),
}


@functools.cache
def alphabet(task: str) -> str:
    """The characters that a task has."""
    if task == "arithmetic":
        return DIGITS + LETTERS + "+-=" + ARITHMETIC_END
    return LETTERS + "</>" if task == "XML" else "".join(sorted(set(reference_text())))


@functools.lru_cache(4)
def streams(
    task: str, length: int, count: int, seed: int, *, held_out: bool = False
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Streams of a task as numbers of its alphabet (length, count), and which of them are judged."""
    make = MAKERS[task][held_out]
    places = {character: number for number, character in enumerate(alphabet(task))}
    pairs = [make(length, np.random.default_rng([seed, int(held_out), column])) for column in range(count)]
    numbers = np.array([[places[character] for character in text] for text, _ in pairs]).T
    return numbers, np.array([judged for _, judged in pairs]).T
