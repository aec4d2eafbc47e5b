"""hmm-or-rnn: hidden Markov models beside recurrent networks, where the best loss is known, and on a text."""

from gatework.studies.published.hmm_or_rnn.study import STUDY

__all__ = ["STUDY"]
