"""What the locks name may be used, shipped and combined under the licences of this house."""

import re
from importlib.metadata import PackageNotFoundError, metadata

import pytest

from tests.architecture.tidy import REPOSITORY

LOCKS = ("requirements.lock", "requirements-local.lock", "requirements-dev.lock")

_COPYLEFT = re.compile(r"GPL|General Public License", re.IGNORECASE)
_LESSER = re.compile(r"LGPL|Lesser General Public", re.IGNORECASE)
# The PostgreSQL driver: the one LGPL dependency, used unchanged and replaceable.
_LESSER_ALLOWED = re.compile(r"psycopg(-binary|-pool)?")
# Offered under several licences; here is the one we take.
_TAKEN_UNDER = {"text-unidecode": "Artistic License"}


def locked_versions(lock: str) -> dict[str, str]:
    text = (REPOSITORY / lock).read_text()
    return dict(re.findall(r"^([A-Za-z0-9_.-]+)==([^ \\\n]+)", text, re.MULTILINE))


def licence_of(package: str) -> str | None:
    """Return every word the package says about its licence, or None if it is not installed."""
    try:
        said = metadata(package)
    except PackageNotFoundError:
        return None
    classifiers = [
        classifier.rpartition("::")[2].strip()
        for classifier in said.get_all("Classifier") or []
        if classifier.startswith("License ::")
    ]
    fields = [said[name] for name in ("License-Expression", "License") if name in said]
    first_lines = [field.strip().partition("\n")[0] for field in fields]
    return " / ".join(filter(None, [*first_lines, *classifiers]))


def is_lawful(package: str, licence: str) -> bool:
    taken = _TAKEN_UNDER.get(package)
    if taken is not None:
        return taken in licence
    if _LESSER.search(licence):
        return _LESSER_ALLOWED.fullmatch(package) is not None
    return bool(licence) and not _COPYLEFT.search(licence)


@pytest.mark.parametrize("lock", LOCKS)
def test_no_locked_package_binds_this_house_to_a_copyleft_licence(lock: str) -> None:
    licences = {package: licence_of(package) for package in locked_versions(lock)}
    known = {package: said for package, said in licences.items() if said is not None}

    assert "psycopg" in known
    assert not {package: said for package, said in known.items() if not is_lawful(package, said)}


@pytest.mark.parametrize(
    ("package", "licence"),
    [
        ("anything", "GPL-3.0-or-later"),
        ("anything", "GNU Affero General Public License v3"),
        ("anything", "LGPL-3.0-only"),
        ("psycopg", "GPL-3.0-only"),
        ("anything", ""),
    ],
)
def test_a_copyleft_or_unknown_licence_is_refused(package: str, licence: str) -> None:
    assert not is_lawful(package, licence)


def test_each_lock_holds_the_one_before_it_at_the_same_versions() -> None:
    services, local, everything = (locked_versions(lock) for lock in LOCKS)

    assert services.items() <= local.items() <= everything.items()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_version_is_pinned_by_hashes(lock: str) -> None:
    entries = re.split(r"\n(?=[A-Za-z0-9])", (REPOSITORY / lock).read_text().strip())

    assert len(entries) == len(locked_versions(lock))
    assert all("--hash=sha256:" in entry for entry in entries)
