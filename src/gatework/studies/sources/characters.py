"""Streams of characters to be predicted: sums with distractors, tags of XML, Python's language reference.

Source: Jozefowicz, Zaremba and Sutskever 2015 (proceedings.mlr.press/v37/jozefowicz15), section 3.5.
"""

from __future__ import annotations

import functools
import re
from typing import Literal

import numpy as np
from numpy.typing import NDArray

LETTERS = "abcdefghijklmnopqrstuvwxyz"
DIGITS = "0123456789"
ARITHMETIC_END = "."
MOST_DIGITS = 2
DEEPEST = 2
SHORTEST_NAME, LONGEST_NAME = 2, 4

Part = Literal["training", "validation", "test"]
TENTHS: dict[Part, tuple[int, int]] = {"training": (0, 8), "validation": (8, 9), "test": (9, 10)}
"""Where each part of the language reference begins and ends."""
TASKS = ("arithmetic", "XML", "Python reference")

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
    """Opening and closing tags with names of two to four random letters, nested up to two deep; all is judged."""
    texts: list[str] = []
    opened: list[str] = []
    total = 0
    while total < length:
        if opened and (len(opened) == DEEPEST or random.random() < 0.5):
            texts.append(f"</{opened.pop()}>")
        else:
            opened.append("".join(random.choice(list(LETTERS), random.integers(SHORTEST_NAME, LONGEST_NAME + 1))))
            texts.append(f"<{opened[-1]}>")
        total += len(texts[-1])
    return "".join(texts)[:length], [True] * length


def tag_limits() -> tuple[float, float]:
    """The accuracy on tags that is expected of who forgets all names, and of who remembers all that are open.

    Both know the grammar and how deep they are, and name what is likeliest; letters of new names are guessed.
    """
    text, _ = tags(20_000, np.random.default_rng(0))
    guess = 1 / len(LETTERS)
    depth, count, forgetful, perfect = 0, 0, 0.0, 0.0
    for closing, name in re.findall(r"<(/?)([a-z]+)>", text):
        turn = guess if not depth else 1.0 if depth == DEEPEST else 0.5
        rest = sum(_after_letters(known, guess) for known in range(1, len(name) + 1))
        forgetful += 1 + turn + rest + (guess if closing else 0)
        perfect += 1 + turn + (len(name) + 1 if closing else rest)
        count += len(name) + (3 if closing else 2)
        depth += -1 if closing else 1
    return forgetful / count, perfect / count


def _after_letters(known: int, guess: float) -> float:
    """How likely the best guess at what follows so many letters of a name is right: its end, or another letter."""
    return guess if known < SHORTEST_NAME else 1 / (LONGEST_NAME - known + 1)


@functools.cache
def reference_text() -> str:
    """Python's language reference as the interpreter has it for ``help``, ASCII alone."""
    from pydoc_data.topics import topics

    return "".join(character for name in sorted(topics) for character in topics[name] if character.isascii())


def reference(length: int, random: np.random.Generator, part: Part = "training") -> Stream:
    """A piece of a part of the language reference, from anywhere in it; all is judged."""
    text = reference_text()
    first, last = (len(text) * tenth // 10 for tenth in TENTHS[part])
    text = text[first:last]
    begin = int(random.integers(0, max(1, len(text) - length)))
    piece = (text[begin:] + text)[:length]
    return piece, [True] * len(piece)


def _stream(task: str, length: int, random: np.random.Generator, part: Part) -> Stream:
    if task == "Python reference":
        return reference(length, random, part)
    return {"arithmetic": sums, "XML": tags}[task](length, random)


@functools.cache
def alphabet(task: str) -> str:
    """The characters that a task has."""
    if task == "arithmetic":
        return DIGITS + LETTERS + "+-=" + ARITHMETIC_END
    return LETTERS + "</>" if task == "XML" else "".join(sorted(set(reference_text())))


@functools.lru_cache(12)
def streams(
    task: str, length: int, count: int, seed: int, part: Part = "training"
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Streams of a task as numbers of its alphabet (length, count), and which of them are judged."""
    places = {character: number for number, character in enumerate(alphabet(task))}
    own = list(TENTHS).index(part)
    pairs = [_stream(task, length, np.random.default_rng([seed, own, column]), part) for column in range(count)]
    numbers = np.array([[places[character] for character in text] for text, _ in pairs]).T
    return numbers, np.array([judged for _, judged in pairs]).T
