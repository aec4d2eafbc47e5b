"""Does a conditional model write what it is asked for? A classifier of names judges names written by language.

    python benchmarks/conditional.py [--writer RUN] [--judge RUN] [--samples 50]

Needs GATEWORK_DATA. Trains a writer (``--task conditional``) and a judge (``--task classify``) on the surnames of
18 languages, unless finished runs are named; prints how many of the written names the judge assigns to the language
that was asked for: when languages are asked for as often as they occur in the data, and when each is asked for equally
often. The result is kept in benchmarks/results/conditional.md.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from gatework.data.labelled.labelled_dataset import ClassExample
from gatework.generation.conditional import generate_kind
from gatework.generation.sampling import Sampling
from gatework.models import Classifier, ConditionalLanguageModel
from gatework.storage import write_text
from gatework.tasks import load_model

RESULT = Path(__file__).parent / "results" / "conditional.md"


def trained(task: str, names: str, folder: Path) -> Path:
    """A run with the task's usual settings."""
    subprocess.run([sys.executable, "-m", "gatework", "train", names, "--task", task, "--run", str(folder)], check=True)
    return folder


def main() -> None:
    """Write, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--writer", type=Path, help="a run of --task conditional")
    parser.add_argument("--judge", type=Path, help="a run of --task classify")
    parser.add_argument("--samples", type=int, default=50, help="names for each language")
    arguments = parser.parse_args()
    names = f"{os.environ.get('GATEWORK_DATA') or sys.exit('set GATEWORK_DATA to the folder of data sets')}/names"
    with tempfile.TemporaryDirectory() as place:
        writer = load_model((arguments.writer or trained("conditional", names, Path(place) / "writer")) / "model")
        judge = load_model((arguments.judge or trained("classify", names, Path(place) / "judge")) / "model")
    assert isinstance(writer, ConditionalLanguageModel)
    assert isinstance(judge, Classifier)
    lines, labels, counts = [], judge.codec.labels, np.array(judge.codec.counts)
    for temperature, guidance in ((0.8, 0.0), (0.5, 0.0), (0.8, 1.0), (0.5, 1.0)):
        right = []
        for language in labels.names:
            texts = generate_kind(
                writer,
                language,
                samples=arguments.samples,
                seed=1,
                sampling=Sampling(temperature=temperature),
                guidance=guidance,
            )
            examples = [ClassExample(judge.codec.encode(text)) for text in texts if text.strip()]
            right.append(float((judge.probabilities(examples).argmax(axis=1) == labels.find(language)).mean()))
        worst = [f"{labels.names[place]} {right[place]:.0%}" for place in np.argsort(right)[:3]]
        lines.append(
            f"| {temperature} | {guidance:g} | {np.average(right, weights=counts):.1%} | {np.mean(right):.1%} "
            f"| {', '.join(worst)} |"
        )
    text = [
        "# Names by language: what a classifier makes of what a conditional model writes",
        "",
        f"`python benchmarks/conditional.py --samples {arguments.samples}`: so many names for each of {len(labels)}",
        f"languages (chance {1 / len(labels):.1%}); the share that the classifier assigns to the language asked for.",
        "",
        "| temperature | guidance | languages as often as in the data | each equally often | worst |",
        "|---|---|---|---|---|",
        *lines,
    ]
    write_text(RESULT, "\n".join(text) + "\n")
    print("\n".join(text))


if __name__ == "__main__":
    main()
