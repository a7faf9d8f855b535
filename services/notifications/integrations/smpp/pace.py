"""How fast one bind may send: halved when the centre says so, then slowly raised again."""

import asyncio

FLOOR_PER_SECOND = 1.0
RECOVERY_SHARE = 0.05
BURST_SECONDS = 0.1


class Pace:
    """A token bucket with additive increase and multiplicative decrease.

    Over any second at most `ceiling_per_second` parts leave, and a tenth of that more at once.
    """

    def __init__(self, ceiling_per_second: float) -> None:
        """Start at the agreed ceiling, in parts a second."""
        self.ceiling_per_second = ceiling_per_second
        self.per_second = ceiling_per_second
        self._tokens = 1.0
        self._counted_at = asyncio.get_running_loop().time()
        self._slowed_at = self._counted_at

    async def take(self) -> None:
        """Wait until one more part may leave."""
        self._refill()
        while self._tokens < 1:
            await asyncio.sleep((1 - self._tokens) / self.per_second)
            self._refill()
        self._tokens -= 1

    def slow_down(self) -> None:
        """Halve the rate; answers of the same second count once."""
        now = asyncio.get_running_loop().time()
        if now - self._slowed_at < 1 and self.per_second < self.ceiling_per_second:
            return
        self._slowed_at = now
        self.per_second = max(FLOOR_PER_SECOND, self.per_second / 2)
        self._tokens = min(self._tokens, 0.0)

    def _refill(self) -> None:
        now = asyncio.get_running_loop().time()
        passed = now - self._counted_at
        self._counted_at = now
        growth = self.ceiling_per_second * RECOVERY_SHARE * passed
        self.per_second = min(self.ceiling_per_second, self.per_second + growth)
        burst = max(1.0, self.per_second * BURST_SECONDS)
        self._tokens = min(burst, self._tokens + passed * self.per_second)
