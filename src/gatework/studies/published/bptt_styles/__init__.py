"""bptt-styles: windows that lie side by side against windows that move by one step; what each costs and reaches."""

from gatework.studies.published.bptt_styles.study import STUDY

__all__ = ["STUDY"]
