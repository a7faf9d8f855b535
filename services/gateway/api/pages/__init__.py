"""The page that shows the platform's calls to people, and its one script."""
