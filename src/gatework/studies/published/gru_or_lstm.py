"""gru-or-lstm: what a newcomer asks first, answered with Elman, GRU and LSTM models of equal size on a text."""

from __future__ import annotations

from typing import Any

from gatework.data import Corpus
from gatework.settings import RunConfig
from gatework.studies.comparison.arms import cell_arms
from gatework.studies.comparison.claims import WORDS, Claim
from gatework.studies.comparison.comparison import Comparison
from gatework.studies.comparison.summary import LOSS, ArmSummary
from gatework.studies.comparison.text import TextComparison
from gatework.studies.comparison.words import shown, speed_ratio
from gatework.studies.report import Report
from gatework.studies.statistics import difference_by_seed
from gatework.studies.study import Scope
from gatework.studies.trials import Trials

CELLS = ("lstm", "gru", "elman")
RATES = (0.002, 0.006, 0.018)
MOST_RATES = 5
CLAIMS = (
    Claim("gru", "elman", "lower", "Chung et al. 2014, music and speech at equal sizes"),
    Claim("lstm", "elman", "lower", "Chung et al. 2014, music and speech at equal sizes"),
    Claim("gru", "lstm", "alike", "Chung et al. 2014, music and speech at equal sizes"),
)


class GruOrLstm(TextComparison):
    """Speed, loss and samples of three cells."""

    name = "gru-or-lstm"
    title = "GRU or LSTM? And is a plain recurrent network not enough?"
    question = (
        "With as many parameters and updates, which of Elman, GRU and LSTM predicts the characters of a text best, "
        "which is fastest, and what do they write?"
    )
    sources = ("Chung, Gulcehre, Cho and Bengio 2014, arXiv:1412.3555",)
    quick_updates = 120
    full_updates = 1200

    def settings(self) -> dict[str, dict[str, Any]]:
        """A small model, trained as `gatework train` does."""
        return {"model": {"hidden_size": 96, "embedding_size": 48}, "training": {"warmup": 20}}

    def comparison_of(self, config: RunConfig, corpus: Corpus, quick: bool) -> Comparison:
        """Three cells; each at the best of a few learning rates."""
        arms = cell_arms(config, dict.fromkeys(CELLS), corpus, RATES[1:] if quick else RATES)
        seeds, most = (2, 2) if quick else (5, MOST_RATES)
        return Comparison("cell", config, arms, corpus, seeds=seeds, most_rates=most)

    def report(self, trials: Trials, report: Report, scope: Scope) -> None:
        """The answer in a few sentences, what was claimed, then all that was measured."""
        comparison = self.comparison(scope)
        counted = trials.where(stage="counted")
        groups = {name: counted.where(cell=name) for name in CELLS}
        report.heading("The short answer")
        report.text(*answer({arm.name: arm for arm in comparison.summary(trials)}, groups))
        report.heading("Published claims")
        rows = []
        for claim in CLAIMS:
            difference = difference_by_seed(groups[claim.arm], groups[claim.other], LOSS)
            said = f"{claim.arm}: {WORDS[claim.relation]} than {claim.other}".replace("same loss than", "same loss as")
            rows.append((said, claim.source, shown(difference, 1.0), claim.verdict(difference)))
        report.table(("published", "source", "ours: difference of test losses", "holds here"), rows)
        report.text(
            f"Differs from the source: characters of {comparison.data.name} in place of music and speech, AdamW with a "
            "cosine schedule in place of RMSProp with weight noise, one small size, a fixed number of updates. A "
            "larger model or a longer training may turn out otherwise: `gatework compare lstm gru elman --data FILE` "
            "asks the same of another text and budget."
        )
        report.heading("How it was measured")
        comparison.report(trials, report, scope)


def answer(summary: dict[str, ArmSummary], groups: dict[str, Trials]) -> list[str]:
    """Which cell to take, made of what was measured.

    Args:
        summary: of each cell.
        groups: the counted trials of each.
    """
    if not all(summary[name].good for name in CELLS):
        return [
            "It cannot be answered: no training of " + ", ".join(c for c in CELLS if not summary[c].good) + " ended."
        ]
    gated = difference_by_seed(groups["gru"], groups["lstm"], LOSS)
    losses = {name: summary[name].figures[LOSS].mean for name in CELLS}
    better = min(("gru", "lstm"), key=lambda name: losses[name])
    plain = difference_by_seed(groups["elman"], groups[better], LOSS)
    said = [
        "**GRU or LSTM?** " + _either(gated),
        f"**Is a plain Elman network enough?** {_plain(plain, better)}",
    ]
    if summary["lstm"].turns:
        ratios = {name: speed_ratio(summary[name], summary["lstm"]) for name in CELLS if name != "lstm"}
        shares = ", ".join(f"{name} {ratio:.2f}" for name, ratio in ratios.items())
        said.append(f"**Which is faster?** Characters a second at equal size, the LSTM's being 1: {shares}.")
    return said


def _either(difference: Any) -> str:
    """The GRU's loss minus the LSTM's, in words."""
    told = f"(the GRU's test loss minus the LSTM's: {shown(difference, 1.0)} nats a character)"
    if difference.high < 0:
        return f"The GRU, here and at this budget {told}."
    if difference.low > 0:
        return f"The LSTM, here and at this budget {told}."
    return f"It does not matter much: their losses are not told apart {told}."


def _plain(difference: Any, better: str) -> str:
    """The Elman network's loss minus that of the better gated cell, in words."""
    told = f"(its test loss minus that of the {better}: {shown(difference, 1.0)})"
    if difference.low > 0:
        return f"It learns, but is behind {told}."
    if difference.high < 0:
        return f"It is even ahead {told}."
    return f"It is not told apart from the better gated cell {told}."


STUDY = GruOrLstm()
