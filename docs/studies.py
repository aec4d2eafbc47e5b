"""All studies whose reports are in docs/studies, on one page.

    make docs-studies
    python docs/studies.py [FOLDER]

Writes ``README.md`` into the folder of reports, from what the studies say of themselves and what their folders hold.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from pathlib import Path

from gatework.storage import read_json, write_text
from gatework.studies import Study, find_study, study_names

HEAD = """# Studies

Published experiments, run by the commands below on two cores without a GPU; each folder has the report, its pictures
and all trials with their seeds. Minutes are the sum over a study's trials, each made by one core that other work may
have shared; `--jobs` makes several at once. [What the commands do](../experiments.md).

| study | what it asks | trials | minutes of one core |
|---|---|--:|--:|
"""


def main(words: Sequence[str]) -> None:
    folder = Path(words[0] if words else "docs/studies")
    rows = [row(find_study(name), folder / name) for name in study_names()]
    write_text(folder / "README.md", HEAD + "\n".join(rows) + "\n")
    print(folder / "README.md")


def row(study: Study, folder: Path) -> str:
    """A line of the table."""
    question = study.question.replace("|", "\\|")
    if not (folder / "report.md").exists():
        return f"| `gatework study {study.name}` | {question} | not run | |"
    with (folder / "trials.csv").open(encoding="utf-8", newline="") as file:
        seconds = [float(trial.get("core_seconds") or trial["seconds"]) for trial in csv.DictReader(file)]
    quick = " --quick" if read_json(folder / "study.json")["quick"] else ""
    command = f"[`gatework study {study.name}{quick}`]({study.name}/report.md)"
    return f"| {command} | {question} | {len(seconds)} | {sum(seconds) / 60:.1f} |"


if __name__ == "__main__":
    main(sys.argv[1:])
