"""Tagged sentences: CoNLL's columns in the forms there are."""

from __future__ import annotations

import io
import itertools
from collections import Counter

import pytest

from gatework.data.tagging.tagged import MOST_WORDS, read_tagged, sentences_of
from gatework.errors import InputError

CONLLU = """# sent_id = weblog-1
# text = vámonos al mar
1-2\tvámonos\t_\t_\t_\t_\t_\t_\t_\t_
1\tvamos\tir\tVERB\t_\t_\t0\troot\t_\t_
2\tnos\tnosotros\tPRON\t_\t_\t1\tobj\t_\t_
3-4\tal\t_\t_\t_\t_\t_\t_\t_\t_
3\ta\ta\tADP\t_\t_\t5\tcase\t_\t_
4\tel\tel\tDET\t_\t_\t5\tdet\t_\t_
5\tmar\tmar\tNOUN\t_\t_\t1\tobl\t_\t_
5.1\tvamos\tir\tVERB\t_\t_\t_\t_\t_\t_

# text = 10 000\t#
1\t10 000\t10 000\tNUM\t_\t_\t0\troot\t_\t_
2\t#\t#\tSYM\t_\t_\t1\tdep\t_\t_
"""


def read(text: str | bytes, **options: object) -> list[tuple[list[str], list[str], int]]:
    return [
        tuple(found) for found in read_tagged(io.BytesIO(text if isinstance(text, bytes) else text.encode()), **options)
    ]


def test_two_columns() -> None:
    text = "\n\nThe\tDET\r\n#\tSYM\r\n\r\n \nNew York\tPROPN\n"
    assert read(text) == [(["The", "#"], ["DET", "SYM"], 3), (["New York"], ["PROPN"], 7)]
    assert read(text, tagged=False) == [(["The", "#"], [], 3), (["New York"], [], 7)]


def test_columns_parted_by_blanks() -> None:
    text = "-DOCSTART- -X- -X- O\n\nEU NNP  I-NP I-ORG\nrejects VBZ I-VP O\n\n# NN I-NP O\n"
    assert read(text) == [(["EU", "rejects"], ["I-ORG", "O"], 3), (["#"], ["O"], 6)]
    assert read(text, tag=1)[0][:2] == (["EU", "rejects"], ["NNP", "VBZ"])
    assert read(text, word=-1, tag=0)[0][:2] == (["I-ORG", "O"], ["EU", "rejects"])


def test_conllu_leaves_out_what_is_no_word() -> None:
    assert read(CONLLU) == [
        (["vamos", "nos", "a", "el", "mar"], ["VERB", "PRON", "ADP", "DET", "NOUN"], 4),
        (["10 000", "#"], ["NUM", "SYM"], 13),
    ]
    assert read(CONLLU, tag=7)[1][1] == ["root", "dep"]


def test_words_alone() -> None:
    assert read("a\nb\n\nc\n", tagged=False) == [(["a", "b"], [], 1), (["c"], [], 4)]


def test_comments_before_the_first_word_and_after() -> None:
    assert read("# made by hand\na\tX\n\n# more\nb\tY\n") == [(["a"], ["X"], 2), (["b"], ["Y"], 5)]


def test_a_number_sign_is_a_word_where_blanks_part_columns() -> None:
    assert read("\n# NN\n9 CD\n\n# NN\n") == [(["#", "9"], ["NN", "CD"], 2), (["#"], ["NN"], 5)]
    assert read("# NN") == [(["#"], ["NN"], 1)]
    assert read("") == read("\n\n") == []


def test_sentences_are_read_as_they_are_asked_for() -> None:
    sentences = read_tagged(io.BytesIO(b"a\tX\n\nb\tY\n\nc\n"))
    assert [next(sentences).words, next(sentences).words] == [["a"], ["b"]]
    with pytest.raises(InputError, match="line 5 has only 1 columns, the first word 2"):
        next(sentences)


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("a\tX\n\nb\tY\tZ\n", {}, "line 3 has 3 columns, the first word 2: give each word"),
        ("a X 1\nb Y\n", {}, "line 2 has only 2 columns"),
        ("a\nb\n", {}, "line 1 gives column 0 for both word and tag"),
        (
            "a\tX\nb\tY\n",
            {"tag": 2},
            "line 1 has 2 columns: there is no column 2 for the tag: name a column from 0 to 1",
        ),
        ("a\tX\n", {"word": -3}, "no column -3 for the word"),
        ("a\tX\n\tY\n", {}, "line 2 has no word in column 0"),
        ("a\tX\nb\t\n", {}, "line 2 has no tag in column 1"),
        (b"a\tX\n\xe4\tY\n", {}, "line 2 is not utf-8"),
    ],
)
def test_errors_say_where(text, options, message) -> None:
    with pytest.raises(InputError, match=message):
        read(text, **options)


def test_a_file_without_blank_lines_is_refused_before_it_is_read_to_its_end() -> None:
    sentences = sentences_of(((line, "a\tX") for line in itertools.count(1)), "endless")
    with pytest.raises(InputError, match="endless line 1 begins a sentence of more than 10,000 words: part sentences"):
        next(sentences)
    whole = read("a\tX\n" * MOST_WORDS)
    assert len(whole[0][0]) == MOST_WORDS


def test_the_english_web_treebank(gatework_data) -> None:
    path = gatework_data / "tagging" / "ewt-dev.tsv"
    sentences = list(read_tagged(path))
    blocks = [block.split("\n") for block in path.read_text().strip("\n").split("\n\n")]
    assert [len(words) for words, _, _ in sentences] == [len(block) for block in blocks]
    assert len(Counter(tag for _, tags, _ in sentences for tag in tags)) == 17  # universal parts of speech
