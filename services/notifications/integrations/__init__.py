"""Other systems the service sends to: the SMS centre."""
