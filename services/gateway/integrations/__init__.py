"""The services behind the front door, over HTTP or in the same process."""
