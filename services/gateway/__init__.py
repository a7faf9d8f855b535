"""One front door: tokens, scopes, the merged document, and the proxy to every service."""
