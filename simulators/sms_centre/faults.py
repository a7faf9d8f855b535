"""The ways in which this centre can be told to misbehave."""

from enum import StrEnum


class SmsFault(StrEnum):
    """Faults that strike the next binds, submissions, receipts or enquiries."""

    REFUSE_BIND = "refuse-bind"
    """A bind with the right password is answered ESME_RBINDFAIL."""
    THROTTLE = "throttle"
    """A submission is answered ESME_RTHROTTLED, and not kept."""
    QUEUE_FULL = "queue-full"
    """A submission is answered ESME_RMSGQFUL, and not kept."""
    CLOSE_CONNECTION = "close-connection"
    """The connection is cut on a submission, which is not kept."""
    DROP_RESPONSE = "drop-response"
    """A submission reaches its handset, but is never answered."""
    RECEIPT_BEFORE_RESPONSE = "receipt-before-response"
    """The receipt of a submission is sent before the submission is answered."""
    HEX_ID = "hex-id"
    """The answer names the message in hexadecimal, the receipt in decimal."""
    UNDELIVERABLE = "undeliverable"
    """A submission is accepted, never reaches its handset, and its receipt says UNDELIV."""
    DUPLICATE_RECEIPT = "duplicate-receipt"
    """A receipt is sent twice in a row, under two sequence numbers."""
    IGNORE_ENQUIRY = "ignore-enquiry"
    """An enquire_link is not answered."""
