"""What models write: sampled or searched for, one text or a batch of them."""

from gatework.generation.beam import Decoder, Step, beam_search
from gatework.generation.beam_language import LanguageDecoder, beam_text
from gatework.generation.ctc import CTCOptions, LanguageHook, ctc_beam, ctc_greedy
from gatework.generation.hypotheses import BeamOptions, Hypothesis
from gatework.generation.repeats import loops
from gatework.generation.samples import SampleWriter
from gatework.generation.sampling import Sampling
from gatework.generation.text import TextWriter
from gatework.generation.writing import check_prompt, generate, generate_batch, sample_tokens

__all__ = [
    "BeamOptions",
    "CTCOptions",
    "Decoder",
    "Hypothesis",
    "LanguageDecoder",
    "LanguageHook",
    "SampleWriter",
    "Sampling",
    "Step",
    "TextWriter",
    "beam_search",
    "beam_text",
    "check_prompt",
    "ctc_beam",
    "ctc_greedy",
    "generate",
    "generate_batch",
    "loops",
    "sample_tokens",
]
