"""The officers of one month: they register, re-assess, pay and check through the public API."""
