"""SMPP 3.4 towards one SMS centre: bytes, session, receipts."""
