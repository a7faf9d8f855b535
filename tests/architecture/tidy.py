"""The rules of the house that no linter knows, each a function from one file to its violations."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

REPOSITORY = Path(__file__).parents[2]

FUNCTION_LINES_MAX = 50
FILE_LINES_MAX = 400
NESTING_MAX = 3

_NOT_OURS = frozenset(
    {".git", ".hypothesis", ".local", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".venv",
     ".venv-peers", ".import_linter_cache", "__pycache__"}
)  # fmt: skip
_BINARY = frozenset({".gz", ".ico", ".png", ".pyc", ".woff2", ".zip"})

_DRAWERS = frozenset(
    {"base", "common", "constants", "data", "handler", "handlers", "helper", "helpers", "info",
     "manager", "managers", "misc", "processor", "processors", "util", "utils"}
)  # fmt: skip

# What a registry of people and money talks about; shared/ could serve a shipping company.
_SOCIAL_NOUNS = re.compile(
    r"household|beneficiar|eligib|payment|payee|pension|entitlement|instalment|allowance|decree"
    r"|poverty|widow|orphan|applicant|registrant|tadamon|ramed|commune|province"
    r"|(?<![a-z])(asd|cnie|cnss|idcs|rib|rnp|rsu)(?![a-z])",
    re.IGNORECASE,
)
_UNNUMBERED_REMINDER = re.compile(r"(\b(TOD[O]|FIXM[E]|HAC[K])|# *XX[X])\b(?!\(#\d+\))")
_SQL_CLOCK = re.compile(
    r"\b(now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday)\s*\("
    r"|\b(current_timestamp|current_date|current_time|localtimestamp|localtime)\b",
    re.IGNORECASE,
)
_LEASE_CLAIM_OR_AGE = re.compile(
    r"\blease|_lease|\bclaimed_(at|until)|\bage\b|_age\b|age_seconds", re.IGNORECASE
)
_REGISTRY_HOST = re.compile(
    r"py[p]i\.org|pythonhosted[.]org|npmj[s]\.(org|com)|deb\.debian\.or[g]|proxy\.golan[g]\.org"
    r"|crate[s]\.io|packages\.cloud\.googl[e]"
)
_UNWRITTEN = "NotImple" + "mentedError"
_MACHINE_PATH = re.compile(r"(?<![\w.])/(root|work|home/\w+|Users/\w+)/")
# Who keeps leases, queues and answers for everybody; no business instant is in their tables.
_LEASES_AND_QUEUES = tuple(
    f"shared/storage/{name}.py"
    for name in ("inbox", "kept_answers", "leases", "migrations", "outbox", "tables")
)
_REVISIONS = tuple(
    f"services/{name}/storage/migrations/versions"
    for name in ("registry", "eligibility", "payments", "notifications", "gateway")
)
_GIVING_UP = re.compile(r"\bmark\.(skip|skipif|xfail)\b|\bpytest\.(skip|xfail|importorskip)\(")


@dataclass(frozen=True)
class Source:
    """One text file, by its path from the root of the repository."""

    path: PurePosixPath
    text: str

    @property
    def is_python(self) -> bool:
        """Whether rules about code apply."""
        return self.path.suffix == ".py"

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed code."""
        return ast.parse(self.text)

    def is_in(self, *folders: str) -> bool:
        """Whether the file lies below one of these folders."""
        return any(self.path.is_relative_to(folder) for folder in folders)


Rule = Callable[[Source], Iterator[str]]


def functions_fit_on_a_screen(source: Source) -> Iterator[str]:
    """No function is longer than `FUNCTION_LINES_MAX` lines; a revision's list of tables may be."""
    if source.is_in(*_REVISIONS):
        return
    for function in _functions(source):
        lines = (function.end_lineno or function.lineno) - function.lineno + 1
        if lines > FUNCTION_LINES_MAX:
            yield f"{function.name} has {lines} lines, at most {FUNCTION_LINES_MAX}"


def files_hold_one_idea(source: Source) -> Iterator[str]:
    """No file of code is longer than `FILE_LINES_MAX` lines."""
    lines = source.text.count("\n")
    if source.is_python and lines > FILE_LINES_MAX:
        yield f"has {lines} lines, at most {FILE_LINES_MAX}"


def code_is_not_nested_deeply(source: Source) -> Iterator[str]:
    """No branch or loop stands more than `NESTING_MAX` deep in a function."""
    for function in _functions(source):
        depth = max((_depth(statement) for statement in function.body), default=0)
        if depth > NESTING_MAX:
            yield f"{function.name} nests {depth} deep, at most {NESTING_MAX}"


def modules_are_named_by_meaning(source: Source) -> Iterator[str]:
    """No module is a drawer: its name says what it knows, not what shape it has."""
    for name in (*source.path.parts[:-1], source.path.stem):
        if source.is_python and name in _DRAWERS:
            yield f"{name} is a name of a drawer, not of a meaning"


def shared_knows_no_social_protection(source: Source) -> Iterator[str]:
    """shared/ says how services talk and store, never what about."""
    if source.is_in("shared"):
        for number, line in _lines(source):
            if noun := _SOCIAL_NOUNS.search(line):
                yield f"line {number} says {noun[0]!r}"


def reminders_have_a_number(source: Source) -> Iterator[str]:
    """A reminder that nobody can look up is never done."""
    for number, line in _lines(source):
        if source.path.suffix != ".lock" and (word := _UNNUMBERED_REMINDER.search(line)):
            yield f"line {number}: {word[1]} without (#number)"


def nothing_is_left_unwritten(source: Source) -> Iterator[str]:
    """No function says that it will be written later."""
    if source.is_python:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Name) and node.id == _UNWRITTEN:
                yield f"line {node.lineno} raises {node.id}"


def no_test_is_skipped(source: Source) -> Iterator[str]:
    """A test that may be skipped is a test nobody misses."""
    for number, line in _lines(source):
        if source.is_in("tests") and _GIVING_UP.search(line):
            yield f"line {number} gives a test up"


def money_and_index_are_exact(source: Source) -> Iterator[str]:
    """No binary fraction comes near money or the index. Seconds of a loop are neither."""
    seconds_only = {"main.py", "settings.py"}
    if not source.is_python or source.path.name in seconds_only:
        return
    if not source.is_in("services/payments", "services/eligibility"):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield f"line {node.lineno} has the float {node.value}"
        name = _name(node)
        if name in {"float", "Float32", "Float64", "Float", "REAL", "DOUBLE_PRECISION"}:
            yield f"line {getattr(node, 'lineno', 0)} names the type {name}"


def sql_reads_no_clock(source: Source) -> Iterator[str]:
    """Business instants are bound parameters; only leases, claims and ages read now in SQL."""
    if not source.is_in("services", "shared") or source.is_in(*_LEASES_AND_QUEUES):
        return
    if source.path.suffix == ".sql":
        yield from _clock_reads([(1, source.text)])
    elif source.is_python:
        yield from _clock_reads(_string_literals(source.tree))
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Attribute) and ast.unparse(node) in {"func.now", "sa.func.now"}:
                yield f"line {node.lineno} reads the database's clock"


def nothing_names_a_registry(source: Source) -> Iterator[str]:
    """Where packages come from is the machine's business."""
    for number, line in _lines(source):
        if host := _REGISTRY_HOST.search(line):
            yield f"line {number} names {host[0]}"


def nothing_names_a_machine_path(source: Source) -> Iterator[str]:
    """The repository runs wherever it is cloned."""
    for number, line in _lines(source):
        if path := _MACHINE_PATH.search(line):
            yield f"line {number} names {path[0]}"


def locks_hold_no_url(source: Source) -> Iterator[str]:
    """A lock says which bytes, by their hash, never from where."""
    for number, line in _lines(source):
        if source.path.suffix == ".lock" and "://" in line:
            yield f"line {number} holds a URL"


RULES: tuple[Rule, ...] = (
    functions_fit_on_a_screen,
    files_hold_one_idea,
    code_is_not_nested_deeply,
    modules_are_named_by_meaning,
    shared_knows_no_social_protection,
    reminders_have_a_number,
    nothing_is_left_unwritten,
    no_test_is_skipped,
    money_and_index_are_exact,
    sql_reads_no_clock,
    nothing_names_a_registry,
    nothing_names_a_machine_path,
    locks_hold_no_url,
)


def repository_sources() -> list[Source]:
    """Return every text file of the repository, whether committed yet or not."""
    return [
        Source(PurePosixPath(path.relative_to(REPOSITORY)), path.read_text(encoding="utf-8"))
        for path in sorted(REPOSITORY.rglob("*"))
        if path.is_file()
        and path.suffix not in _BINARY
        and not _NOT_OURS.intersection(path.relative_to(REPOSITORY).parts)
    ]


def _lines(source: Source) -> Iterator[tuple[int, str]]:
    return iter(enumerate(source.text.splitlines(), start=1))


def _functions(source: Source) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    if source.is_python:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node


def _depth(statement: ast.AST) -> int:
    """Return how many branches and loops stand in one another; `elif` is no deeper than `if`."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
        return 0
    deeper = isinstance(
        statement, ast.If | ast.For | ast.AsyncFor | ast.While | ast.Try | ast.Match
    )
    inside = max((_depth(child) for child in _children(statement)), default=0)
    if isinstance(statement, ast.If) and _is_elif_chain(statement):
        return max(1 + inside, _depth(statement.orelse[0]))
    return deeper + inside


def _children(statement: ast.AST) -> Iterator[ast.AST]:
    skipped = (
        statement.orelse if isinstance(statement, ast.If) and _is_elif_chain(statement) else []
    )
    return (child for child in ast.iter_child_nodes(statement) if child not in skipped)


def _is_elif_chain(statement: ast.If) -> bool:
    return len(statement.orelse) == 1 and isinstance(statement.orelse[0], ast.If)


def _name(node: ast.AST) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else None


def _clock_reads(literals: list[tuple[int, str]]) -> Iterator[str]:
    for line, text in literals:
        if (call := _SQL_CLOCK.search(text)) and not _LEASE_CLAIM_OR_AGE.search(text):
            yield f"line {line} reads the database's clock with {call[0]!r}"


def _string_literals(tree: ast.Module) -> list[tuple[int, str]]:
    """Return the text of every string that is no docstring, f-strings in one piece."""
    within = {id(part) for node in ast.walk(tree) for part in _parts(node)}
    return [
        (node.lineno, _text(node))
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in within
    ]


def _parts(node: ast.AST) -> list[ast.AST]:
    if isinstance(node, ast.JoinedStr):
        return [part for part in ast.walk(node) if part is not node]
    if isinstance(node, ast.Expr):  # a docstring, or prose that nothing executes
        return [node.value]
    return []


def _text(node: ast.Constant | ast.JoinedStr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) for part in node.values if isinstance(part, ast.Constant))
    return node.value if isinstance(node.value, str) else ""
