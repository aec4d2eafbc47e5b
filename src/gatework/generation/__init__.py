"""Text written by a model: sampling, one text or a batch of them."""

from gatework.generation.samples import SampleWriter
from gatework.generation.sampling import Sampling
from gatework.generation.text import TextWriter
from gatework.generation.writing import check_prompt, generate, generate_batch, sample_tokens

__all__ = ["SampleWriter", "Sampling", "TextWriter", "check_prompt", "generate", "generate_batch", "sample_tokens"]
