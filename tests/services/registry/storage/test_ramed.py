"""Candidates for the rows of a RAMED list: found by birth, so that common names cost nothing."""

from services.registry.domain.ramed import RamedRow, read_rows
from services.registry.storage.ramed import SoughtRow, find_ramed_candidates
from services.registry.use_cases.search_tokens import document_token, sound_tokens
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import TANGIER, a_file, a_person

PEOPLE = a_file(
    *(a_person(number) for number in range(1, 6)),
    *(a_person(number, birth_date="1971-03-05") for number in range(6, 9)),
)


async def test_the_index_of_tokens_is_asked_for_cards_alone(registry: Registry) -> None:
    """Thousands share a sound: to list them for every row would cost more with every person."""
    await registry.load(PEOPLE, key="k")
    async with registry.databases.owner.transaction() as tx:
        # Whatever the planner thinks of sizes, there is no other index left to prefer.
        await tx.execute("DROP INDEX person_by_birth")
    sealed = registry.worker.sealed
    lines = [
        f"R-1,زهرة,البحري,Zahra,EL BAHRI,1989-04-12,{TANGIER},AB100001",
        f"R-2,زهرة,البحري,Zahra,EL BAHRI,1971-03-05,{TANGIER},",
    ]
    today = registry.clock.today()
    rows = [row for row in read_rows(lines, first_line=2, today=today) if isinstance(row, RamedRow)]
    key_id = sealed.index_key_ids[0]
    sounds = sound_tokens(["ZHR", "BHR"], sealed=sealed, key_id=key_id)
    card = document_token("AB100001", sealed=sealed, key_id=key_id)
    async with registry.worker.database.transaction() as tx:
        await tx.execute("SET LOCAL enable_seqscan = off")
        found = await find_ramed_candidates(
            tx,
            [SoughtRow(rows[0], sounds, [card]), SoughtRow(rows[1], sounds, [])],
            regions=["*"],
        )
        cursor = await tx.execute(
            "SELECT pg_stat_get_xact_numscans('person_by_search_token'::regclass) AS scans"
        )
        scans = await cursor.fetchone()
    assert [place for place, _ in sorted(found)] == [0] * 5 + [1] * 3
    assert scans == {"scans": 1}
