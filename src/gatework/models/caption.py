"""The caption model: a picture in, words out."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gatework.data.padding import Batch, is_real, padded
from gatework.data.pictures.captions import CaptionCodec, Captioned
from gatework.models.attentive_decoder import AttentiveDecoder, DecoderState
from gatework.models.bridge import VectorBridge
from gatework.models.model import ExampleModel, Totals
from gatework.models.regions import FeatureRegions, PictureRegions, RegionReading
from gatework.settings.tasks.caption import CaptionConfig


@dataclasses.dataclass(frozen=True)
class Seen(Batch):
    """Pictures side by side.

    Attributes:
        values: (batch, 3, size, size) uint8, or features (regions, batch, features).
        regions: (batch,) real regions of features; None for pictures, which all have as many.
    """

    values: Tensor
    regions: Tensor | None


@dataclasses.dataclass(frozen=True)
class Captions(Seen):
    """Pictures and their captions, several of a picture or one.

    Attributes:
        picture: (rows,) the place in the batch of the picture that a caption describes.
        read: (time, rows) the start and the symbols of captions.
        written: (time, rows) the symbols and the end.
        lengths: (rows,) real steps.
        things: (batch,) shapes on a drawn scene, 0 where not known.
    """

    picture: Tensor
    read: Tensor
    written: Tensor
    lengths: Tensor
    things: Tensor


class Captioner(ExampleModel[CaptionConfig, CaptionCodec, Captioned, Captions]):
    """Regions of a picture, and a decoder that attends to them while it writes (Xu et al. 2015).

    Args:
        config: its shape.
        codec: symbols, and what is seen.

    Raises:
        InputError: the cell does not exist or does not take the options; pictures are too small for the convolutions.
    Reference: arXiv:1502.03044
    """

    task = "caption"
    goal = "exact"
    unit = "caption"
    Config = CaptionConfig
    Codec = CaptionCodec

    def __init__(self, config: CaptionConfig, codec: CaptionCodec) -> None:
        super().__init__(config, codec)
        self.regions: PictureRegions | FeatureRegions
        if codec.scaling is None:
            self.regions = PictureRegions(
                codec.size,
                convolutions=config.convolutions,
                channels=config.channels,
                width=config.region_size,
                colours=config.colours,
            )
        else:
            self.regions = FeatureRegions(len(codec.scaling), config.region_size)
        self.reading: RegionReading | None = None
        if config.reading_size:
            self.reading = RegionReading(config.reading, config.region_size)
        self.decoder = AttentiveDecoder(config, len(codec.symbols), config.region_size)
        self.bridge = VectorBridge(config.region_size, self.decoder.stack)
        self.words: nn.Linear | None = None
        if config.word_loss:
            count = len(codec.symbols) - codec.symbols.special
            self.words = nn.Linear(config.region_size, count)
            nn.init.constant_(self.words.bias, -math.log(max(count, 1)))  # a region tells of about one word

    def length(self, example: Captioned) -> int:
        """Symbols of the longest caption, its end included."""
        return max(map(len, example.captions))

    def see(self, pictures: Sequence[np.ndarray]) -> Seen:
        """Put what the codec made of pictures side by side."""
        if isinstance(self.regions, PictureRegions):
            return Seen(torch.from_numpy(np.stack(pictures)), None)
        return Seen(*padded(pictures))

    def collate(self, examples: Sequence[Captioned]) -> Captions:
        """Each picture once, each of its captions a row."""
        seen = self.see([example.seen for example in examples])
        captions = [caption for example in examples for caption in example.captions]
        picture = np.repeat(np.arange(len(examples)), [len(example.captions) for example in examples])
        written, lengths = padded(captions)
        start = torch.full_like(written[:1], self.codec.start)
        things = torch.tensor([example.things for example in examples])
        read = torch.cat([start, written[:-1]])
        return Captions(seen.values, seen.regions, torch.from_numpy(picture), read, written, lengths, things)

    def begin(self, seen: Seen) -> DecoderState:
        """Look at pictures; where the decoder of each starts."""
        return self._start(*self._look(seen))

    def _look(self, seen: Seen) -> tuple[Tensor, Tensor]:
        """The regions (regions, batch, width) of pictures, and how many each has (batch,)."""
        values = self.regions(seen.values)
        return values, values.new_full((values.shape[1],), len(values)).long() if seen.regions is None else seen.regions

    def _start(self, values: Tensor, lengths: Tensor) -> DecoderState:
        if self.reading is not None:
            values = self.reading(values, lengths)
        real = is_real(lengths, len(values))[:, :, None]
        mean = torch.where(real, values, 0).sum(dim=0) / lengths[:, None]
        first = self.bridge(mean, self.decoder.stack.initial_state(values.shape[1]))
        return self.decoder.start(first, values, lengths)

    def forward(self, batch: Captions) -> tuple[Tensor, Tensor]:
        """Predict each symbol of the captions from the picture and the symbols before it.

        Returns:
            Logits (n, symbols) of the n real symbols, and where these are, (time, rows) bool.
        """
        return self._write(batch, self.begin(batch))

    def _write(self, batch: Captions, state: DecoderState) -> tuple[Tensor, Tensor]:
        read = batch.read
        if self.training and self.config.word_dropout:
            dropped = torch.rand(read.shape, device=read.device) < self.config.word_dropout
            dropped[0] = False  # the start says nothing that could be leant on
            read = read.masked_fill(dropped, 0)
        readouts = self.decoder(read, state.select(batch.picture)).readouts
        real = is_real(batch.lengths, len(read))
        return self.decoder.logits(readouts[real]).float(), real

    def loss(self, batch: Captions) -> Tensor:
        """Mean over captions of the cross-entropy of all their symbols, and of the words told from regions, nats."""
        values, lengths = self._look(batch)
        logits, real = self._write(batch, self._start(values, lengths))
        smoothing = self.config.label_smoothing
        total = F.cross_entropy(logits, batch.written[real], label_smoothing=smoothing, reduction="sum")
        if self.words is not None:
            total = total + self.config.word_loss * self._word_loss(batch, values, lengths)
        return total / len(batch.lengths)

    def _word_loss(self, batch: Captions, values: Tensor, lengths: Tensor) -> Tensor:
        """Cross-entropy of whether each word is in a caption, by the region that tells it most clearly, summed."""
        assert self.words is not None
        real = is_real(lengths, len(values))[:, :, None]
        told = self.words(values).float().masked_fill(~real, -torch.inf).amax(dim=0)[batch.picture]
        special = self.codec.symbols.special
        named = told.new_zeros(len(told), special + told.shape[1]).scatter_(1, batch.written.T, 1.0)[:, special:]
        return F.binary_cross_entropy_with_logits(told, named, reduction="sum")

    def totals(self, batch: Captions) -> Totals:
        """Sums over captions, symbols and pictures.

        A caption would be written exactly if each of its symbols is the likeliest after those before it: so the
        greedy caption need not be written to be compared.
        """
        logits, real = self(batch)
        targets = batch.written[real]
        loss = F.cross_entropy(logits, targets, reduction="sum")
        logits[:, self.codec.start] = -torch.inf  # never written
        right = torch.zeros_like(real)
        right[real] = (logits.argmax(dim=-1) == targets) & (targets != 0)  # to say "unknown" is not to know
        whole = (right | ~real).all(dim=0)
        exact = whole.new_zeros(len(batch.things)).index_fill(0, batch.picture[whole], True)
        totals = {
            "loss": float(loss),
            "count": float(len(batch.lengths)),
            "symbols": float(batch.lengths.sum()),
            "right": float(right.sum()),
        }
        for things in {0, *batch.things.tolist()}:
            chosen = batch.things == things if things else torch.ones_like(exact)
            totals[f"pictures {things}"] = float(chosen.sum())
            totals[f"exact {things}"] = float(exact[chosen].sum())
        return totals

    def figures(self, totals: Totals) -> dict[str, float]:
        """Shares of pictures whose greedy caption is one of theirs, in all and by shapes, and of right symbols."""
        numbers = sorted(int(name.split()[1]) for name in totals if name.startswith("exact "))
        shares = {number: totals[f"exact {number}"] / totals[f"pictures {number}"] for number in numbers}
        found = {"exact": shares[0], "token_accuracy": totals["right"] / totals["symbols"]}
        return found | {f"exact_{number}_shapes": share for number, share in shares.items() if number}
