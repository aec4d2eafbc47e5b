"""The cells a second time, in NumPy from their papers: one module a family, with the rows of its cells in ``PAPERS``.

A row is (cell, options, step): ``step(p, x, *state)`` gives the next states from the parameters by name, an input
(batch, input) and the states (batch, size), written from the equations of the paper and not from our code. A fourth
entry changes the sizes: ``{"input_size": 7}``.
"""

import importlib
import pkgutil

ROWS = [
    row
    for module in pkgutil.iter_modules(__path__)
    if module.name != "numpy_words"
    for row in importlib.import_module(f"{__name__}.{module.name}").PAPERS
]
"""The rows of all families."""
