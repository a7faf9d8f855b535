"""The garbage collector, told to leave alone what lives as long as the process.

Collecting the whole heap of a service stops every request for about 50 ms; measured, that pause
and not the database decides the slowest requests.
"""

import gc

THRESHOLDS = (20_000, 50, 100)


def settle_garbage_collector() -> None:
    """Call once everything that lives for ever has been made."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
