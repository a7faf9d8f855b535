"""The road of one month, stage by stage, as officers walk it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from rich.progress import TaskID

from simulators.month.officers import (
    REQUEST_SECONDS_MAX,
    Officer,
    RefusedError,
    file_digest,
)
from simulators.month.stages import Stages

PROGRAMME = "asd"
PARTNER = "/registry/v1/partners/demo-partner"
AGREEMENT = {
    "name_ar": "شريك تجريبي",
    "name_fr": "Partenaire de démonstration",
    "purposes": [
        {"code": code, "legal_basis": "Loi 72-18", "consent_required": False}
        for code in ("enrolment-check", "fact-reporting", "identity-verification")
    ],
    "told": ["name_ar", "name_latin", "birth_date", "sex", "commune", "status"],
    "verified": ["document"],
    "detail": True,
    "identifier": "idcs",
    "quota_per_day": 100_000,
    "batch": True,
    "dci": {
        "sender_id": "demo-partner",
        "callback_hosts": ["127.0.0.1"],
        "signature": "optional",
    },
}
POLL_SECONDS = 0.2
STANDSTILL_SECONDS_MAX = 180.0
OPEN_MESSAGE_STATES = frozenset(
    {"AWAITING_CONTACT", "QUEUED", "SUBMITTING", "SUBMIT_UNKNOWN", "SUBMITTED"}
)


class StandstillError(Exception):
    """A stage made no progress for `STANDSTILL_SECONDS_MAX`; the message names it."""


@dataclass
class Road:
    """One month at one gateway; `counts` grow as its stages are walked."""

    gateway: str
    clients: Path
    stages: Stages
    counts: dict[str, Any] = field(default_factory=dict)

    def walk(self, population: Path) -> None:
        """Register a population, re-assess it, pay it, and wait until everybody has been told."""
        with httpx.Client(timeout=REQUEST_SECONDS_MAX) as http:
            desk = _Desk(self, http)
            desk.agree_with_partner()
            with self.stages.stage("register", "Registering households") as bar:
                desk.register(population, bar)
            with self.stages.stage("assess", "Scoring and deciding") as bar:
                desk.await_outcomes(bar)
            with self.stages.stage("run", "Re-assessing the month") as bar:
                run = desk.run_month(bar)
            with self.stages.stage("freeze", "Freezing the payment list") as bar:
                cycle = desk.freeze_cycle(run, bar)
            with self.stages.stage("pay", "Paying through the bank") as bar:
                desk.pay(cycle, bar)
            with self.stages.stage("tell", "Telling people by SMS") as bar:
                desk.await_messages(bar)

    def until(self, stage: str, look: Callable[[], tuple[int, int, bool]], bar: TaskID) -> None:
        """Repeat `look`, which returns done, total and finished, until it is finished.

        Raises:
            StandstillError: Nothing moved for too long.
        """
        last, moved_at = -1, time.monotonic()
        while True:
            done, total, finished = look()
            self.stages.show(bar, done=done, total=total)
            if finished:
                return
            if done != last:
                last, moved_at = done, time.monotonic()
            if time.monotonic() - moved_at > STANDSTILL_SECONDS_MAX:
                message = f"The stage '{stage}' stood still at {done} of {total}."
                raise StandstillError(message)
            time.sleep(POLL_SECONDS)


class _Desk:
    """The officers of one road and what they look at."""

    def __init__(self, road: Road, http: httpx.Client) -> None:
        self._road = road
        self._http = http
        self._officers: dict[str, Officer] = {}

    def officer(self, role: str) -> Officer:
        """Return the officer of a role; each signs in when first needed."""
        if role not in self._officers:
            key_file = self._road.clients / f"{role}.json"
            self._officers[role] = Officer(self._road.gateway, key_file, self._http)
        return self._officers[role]

    def agree_with_partner(self) -> None:
        """Let a partner ask about people, so that whoever tries the platform can."""
        administrator = self.officer("administrator")
        try:
            administrator.get(PARTNER)
        except RefusedError:
            administrator.put(PARTNER, AGREEMENT)

    def register(self, population: Path, bar: TaskID) -> None:
        """Send the population file and follow its job to the end."""
        registrar = self.officer("registrar")
        key = file_digest(population).hex()
        job = registrar.upload("/registry/v1/imports", population, key=key)
        address = f"/registry/v1/imports/{job['job_id']}"

        def look() -> tuple[int, int, bool]:
            job.update(registrar.get(address))
            if job["state"] == "failed":
                message = "The registry could not take the population file."
                raise StandstillError(message)
            return job["lines_done"], job["lines_total"], job["state"] == "completed"

        self._road.until("register", look, bar)
        self._road.counts["persons"] = job["persons_recorded"]
        self._road.counts["households"] = job["households_recorded"]
        self._road.counts["rejected_lines"] = job["rejected"]

    def await_outcomes(self, bar: TaskID) -> None:
        """Wait until eligibility has scored every household that the registry knows."""
        households = int(self._road.counts["households"])
        operator = self.officer("operator")
        seen: dict[str, Any] = {}

        def look() -> tuple[int, int, bool]:
            seen.update(operator.get("/eligibility/v1/statistics"))
            done = int(seen["indexes"])
            return done, households, done >= households

        self._road.until("assess", look, bar)
        self._road.counts["indexes"] = seen["indexes"]

    def run_month(self, bar: TaskID) -> dict[str, Any]:
        """Re-assess everybody for the business month, and count the outcomes that stand."""
        operator = self.officer("operator")
        month = str(operator.get("/eligibility/v1/statistics")["as_of"])[:7]
        run = operator.post(
            "/eligibility/v1/runs",
            {"programme": PROGRAMME, "month": month},
            key=f"run-{PROGRAMME}-{month}",
        )
        address = f"/eligibility/v1/runs/{run['run_id']}"

        def look() -> tuple[int, int, bool]:
            run.update(operator.get(address))
            finished = run["state"] == "completed"
            return run["households_done"], run["households_total"], finished

        self._road.until("run", look, bar)
        outcomes = operator.get("/eligibility/v1/statistics")["outcomes"]
        self._road.counts.update(_outcome_counts(outcomes))
        return run

    def freeze_cycle(self, run: Mapping[str, Any], bar: TaskID) -> dict[str, Any]:
        """Open the month's cycle; it freezes once payments holds exactly what the run says."""
        maker = self.officer("payments-maker")
        body = {"programme": PROGRAMME, "month": run["month"], "run_id": run["run_id"]}
        cycle = maker.post("/payments/v1/cycles", body, key=f"cycle-{run['run_id']}")
        address = f"/payments/v1/cycles/{cycle['cycle_id']}"

        def look() -> tuple[int, int, bool]:
            cycle.update(maker.get(address))
            frozen = cycle["content_hash"] is not None
            return cycle["instructions"], run["households_eligible"], frozen

        self._road.until("freeze", look, bar)
        self._road.counts["instructions"] = cycle["instructions"]
        self._road.counts["centimes"] = cycle["net_centimes"]
        self._road.counts["held"] = cycle["held"]
        return cycle

    def pay(self, cycle: dict[str, Any], bar: TaskID) -> None:
        """Approve the frozen content twice, by two people, and wait for the bank's answers."""
        address = f"/payments/v1/cycles/{cycle['cycle_id']}"
        for level in (1, 2):
            self.officer(f"payments-checker-{level}").post(
                f"{address}/approvals",
                {"level": level, "content_hash": cycle["content_hash"]},
                key=f"approve-{level}-{cycle['cycle_id']}",
            )
        maker = self.officer("payments-maker")

        def look() -> tuple[int, int, bool]:
            cycle.update(maker.get(address))
            answered = cycle["settled"] + cycle["rejected"]
            return answered, cycle["instructions"], answered >= cycle["instructions"]

        self._road.until("pay", look, bar)
        for name in ("files", "settled", "settled_centimes", "rejected"):
            self._road.counts[name] = cycle[name]

    def await_messages(self, bar: TaskID) -> None:
        """Wait until no message is under way and every paid household has one about it."""
        operator = self.officer("operator")
        expected = {
            "assessment": self._road.counts["indexes"],
            "payment": self._road.counts["settled"],
        }
        by_stage: dict[str, dict[str, int]] = {}

        def look() -> tuple[int, int, bool]:
            by_stage.clear()
            for row in operator.get("/notifications/v1/statistics")["messages"]:
                by_stage.setdefault(row["stage"], {})[row["state"]] = row["messages"]
            made = sum(sum(states.values()) for states in by_stage.values())
            under_way = sum(
                count
                for states in by_stage.values()
                for state, count in states.items()
                if state in OPEN_MESSAGE_STATES
            )
            complete = all(
                sum(by_stage.get(stage, {}).values()) >= count for stage, count in expected.items()
            )
            return made - under_way, made, complete and under_way == 0

        self._road.until("tell", look, bar)
        self._road.counts["sms"] = {
            stage: sum(states.values()) for stage, states in sorted(by_stage.items())
        }
        self._road.counts["sms_delivered"] = sum(
            states.get("DELIVERED", 0) for states in by_stage.values()
        )


def _outcome_counts(outcomes: list[dict[str, Any]]) -> dict[str, Any]:
    decisions: dict[str, dict[str, int]] = {}
    prospects: dict[str, dict[str, int]] = {}
    for row in outcomes:
        where = decisions if row["standing"] == "decision" else prospects
        where.setdefault(row["programme"], {})[row["outcome"]] = row["households"]
    return {"decisions": decisions, "prospects": prospects}
