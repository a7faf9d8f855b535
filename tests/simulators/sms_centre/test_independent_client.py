"""Somebody else's SMPP client understands the centre, and the other way round."""

import smpp34

from tests.simulators.sms_centre.conftest import RunningCentre
from tests.simulators.sms_centre.esme import PASSWORD, SYSTEM_ID

MESSAGES = 200
ARABIC = "مرحبا"


async def test_messages_and_receipts_cross_with_an_independent_client(
    centre: RunningCentre,
) -> None:
    client = smpp34.Client(
        host="127.0.0.1",
        port=centre.port,
        system_id=SYSTEM_ID,
        password=PASSWORD,
        bind_type="TRX",
    )
    smsc = await client.connect()
    sent: set[str | None] = set()
    for number in range(MESSAGES):
        answer = await smsc.submit_sm(
            destination_addr=f"2126{number:08d}",
            source_addr="SANAD",
            short_message=ARABIC.encode("utf-16-be"),
            data_coding=8,
            registered_delivery=1,
        )
        assert answer.is_success
        sent.add(answer.message_id)
    received: set[str | None] = set()
    while len(received) < MESSAGES:
        event = await smsc.next()
        assert isinstance(event, smpp34.DeliverSmEvent)
        (receipted,) = [tlv.as_string() for tlv in event.tlvs if tlv.tag == 0x001E]
        received.add(receipted)
    assert received == sent
    centre.wait_for_count("receipts_acknowledged", MESSAGES)
    await smsc.unbind()
    await client.stop()
    counts = centre.counts()
    assert (counts["messages"], counts["handsets"]) == (MESSAGES, MESSAGES)
    assert set(centre.texts()) == {ARABIC}
