"""The rules of registration: identifiers, territory, what a line of an import must say."""
