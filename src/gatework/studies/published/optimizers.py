"""optimizers: eight ways to follow a gradient on the same character model, each at a learning rate of its own."""

from __future__ import annotations

from statistics import fmean
from typing import Any

from gatework.data import Corpus
from gatework.settings import RunConfig
from gatework.studies.comparison.arms import Arm
from gatework.studies.comparison.claims import WORDS, Claim
from gatework.studies.comparison.comparison import Comparison
from gatework.studies.comparison.report import tell
from gatework.studies.comparison.summary import LOSS
from gatework.studies.comparison.text import TextComparison
from gatework.studies.comparison.words import ordered, shown
from gatework.studies.report import Report
from gatework.studies.statistics import difference_by_seed
from gatework.studies.study import Scope
from gatework.studies.trials import Trials

METHODS: dict[str, tuple[dict[str, Any], tuple[float, ...]]] = {
    "SGD": ({"optimizer": "sgd"}, (1.0, 3.16, 10.0)),
    "momentum 0.9": ({"optimizer": "momentum", "momentum": 0.9}, (0.1, 0.316, 1.0)),
    "Nesterov 0.9": ({"optimizer": "nesterov", "momentum": 0.9}, (0.1, 0.316, 1.0)),
    "Adagrad": ({"optimizer": "adagrad"}, (0.02, 0.0632, 0.2)),
    "Adadelta": ({"optimizer": "adadelta", "second_decay": 0.95}, (0.316, 1.0, 3.16)),
    "RMSprop 0.9": ({"optimizer": "rmsprop", "second_decay": 0.9}, (0.002, 0.00632, 0.02)),
    "RMSprop 0.95": ({"optimizer": "rmsprop", "second_decay": 0.95}, (0.002, 0.00632, 0.02)),
    "Adam": ({"optimizer": "adam", "momentum": 0.9, "second_decay": 0.999}, (0.002, 0.00632, 0.02)),
}
"""What is set, and the learning rates that are tried at first."""
MOST_RATES = 7
BEST = "the best other"
CLAIMS = (
    Claim("momentum 0.9", "SGD", "lower", "Sutskever et al. 2013: recurrent and deep networks"),
    Claim("Nesterov 0.9", "momentum 0.9", "not higher", "Sutskever et al. 2013: its gain is at momenta near 1"),
    Claim("Adagrad", "SGD", "lower", "Duchi et al. 2011: convex problems with sparse inputs"),
    Claim("Adam", BEST, "not higher", "Kingma and Ba 2015: no recurrent network among their experiments"),
)
UNTUNED = "Adadelta"
UNTUNED_RATE = 1.0


class Optimizers(TextComparison):
    """Eight optimizers."""

    name = "optimizers"
    title = "Optimizers on one character model"
    question = (
        "SGD, momentum, Nesterov, Adagrad, Adadelta, RMSprop or Adam: which lowers the loss of the same LSTM furthest, "
        "by updates and by seconds, and how much does its learning rate matter?"
    )
    sources = (
        "Duchi, Hazan and Singer 2011, JMLR 12, 2121-2159",
        "Zeiler 2012, arXiv:1212.5701",
        "Tieleman and Hinton 2012, Neural Networks for Machine Learning, lecture 6.5",
        "Sutskever, Martens, Dahl and Hinton 2013, proceedings.mlr.press/v28/sutskever13",
        "Graves 2013, arXiv:1308.0850",
        "Kingma and Ba 2015, arXiv:1412.6980",
    )
    quick_updates = 60
    full_updates = 400

    def settings(self) -> dict[str, dict[str, Any]]:
        """A small LSTM; the rate stays as it is, as in the sources."""
        training = {"batch": 16, "schedule": "constant", "warmup": 0, "weight_decay": 0.0}
        return {"model": {"cell": "lstm", "hidden_size": 64, "embedding_size": 32}, "training": training}

    def comparison_of(self, config: RunConfig, corpus: Corpus, quick: bool) -> Comparison:
        """Each optimizer at the best of a few learning rates."""
        arms = [Arm(name, training=own, rates=rates) for name, (own, rates) in METHODS.items()]
        seeds, most = (2, 0) if quick else (4, MOST_RATES)
        return Comparison("method", config, arms, corpus, seeds=seeds, most_rates=most)

    def report(self, trials: Trials, report: Report, scope: Scope) -> None:
        """What was claimed and whether it holds; then all that was measured."""
        comparison = self.comparison(scope)
        report.text(
            "All train the same LSTM from the same initial values with a constant rate and gradients clipped at a norm "
            "of 1, which the sources do not do. RMSprop is the lecture's, with a decay of 0.9 and with 0.95, the decay "
            "of Graves's variant (which also centres the square and has a momentum). Adadelta and Adam have their "
            "papers' decays. Rates were tried over a grid whose steps are factors of 3.16, further beyond an end "
            "that was best."
        )
        report.heading("Published claims")
        report.table(("published", "source", "ours", "holds here"), claim_rows(comparison, trials))
        report.text(
            "*Ours* is the difference of test losses, seed by seed, each at its own rate; of Adadelta's rate that of "
            "the best validation losses at one seed. RMSprop's lecture and Graves make no claim against the others."
        )
        report.text(how_much_rates_matter(comparison, trials))
        tell(comparison, trials, report, with_samples=False)


def claim_rows(comparison: Comparison, trials: Trials) -> list[tuple[str, str, str, str]]:
    """What each source claims, the difference that was measured, and whether the claim holds."""
    counted = trials.where(stage="counted")
    groups = {name: counted.where(method=name) for name in METHODS}
    ranked = ordered(comparison.summary(trials), LOSS, highest=False)
    rows = []
    for claim in CLAIMS:
        others = [arm.name for arm in ranked if arm.name != claim.arm]
        other = claim.other if claim.other != BEST else others[0] if others else ""
        difference = difference_by_seed(groups[claim.arm], groups.get(other, Trials([])), LOSS)
        named = f"{BEST} ({other})" if claim.other == BEST else other
        said = f"{claim.arm}: {WORDS[claim.relation]} than {named}".replace("or lower than", "or lower, than")
        rows.append((said, claim.source, shown(difference, 1.0), claim.verdict(difference)))
    return [*rows, _untuned_row(trials.where(stage="rate", method=UNTUNED))]


def how_much_rates_matter(comparison: Comparison, trials: Trials) -> str:
    """The spread of the methods at their own rates beside what a rate costs that is one step off."""
    ranked = ordered(comparison.summary(trials), LOSS, highest=False)
    costs: dict[int, list[float]] = {-1: [], 1: []}
    for name in METHODS:
        tried = sorted(trials.where(stage="rate", method=name).good, key=lambda trial: trial["learning_rate"])
        ranks = [trial["rank"] for trial in tried]
        for step, found in costs.items():
            place = ranks.index(min(ranks)) + step if ranks else -1
            if 0 <= place < len(ranks):
                found.append(ranks[place] - min(ranks))
    if len(ranked) < 2 or not all(costs.values()):
        return "Too few rates were tried to tell how much they matter."
    spread = ranked[-1].figures[LOSS].mean - ranked[0].figures[LOSS].mean
    low, high = (fmean(costs[step]) for step in (-1, 1))
    return (
        f"**Method or rate?** Each at its own rate, the best and the worst method differ by {spread:.3f} nats. A rate "
        f"one step of the grid too low costs {low:.3f} on average over methods, one too high {high:.3f} (validation, "
        "one seed)."
    )


def _untuned_row(tried: Trials) -> tuple[str, str, str, str]:
    """How much is lost where Adadelta's rate is not chosen."""
    best, plain = tried.best("rank"), tried.where(learning_rate=UNTUNED_RATE).best("rank")
    said, source = (
        f"{UNTUNED}: no learning rate needs to be chosen ({UNTUNED_RATE:g})",
        "Zeiler 2012: digits and speech",
    )
    if best is None or plain is None:
        return said, source, "-", "not measured"
    lost = plain["rank"] - best["rank"]
    verdict = "yes: it was the best" if not lost else f"{best['learning_rate']:g} was better"
    return said, source, f"{lost:.3f}", verdict


STUDY = Optimizers()
