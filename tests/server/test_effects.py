from __future__ import annotations

import os
import shutil
import sqlite3
from collections import Counter
from functools import partial, wraps
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mcp_notebook.server.effects import writes

# The functions below are read, never run; these names stand for what a notebook holds.
cache: dict[str, Any] = {}
items: list[int] = []
seen: set[str] = set()
count = 0
db: Any = None
frame: Any = None
np: Any = ModuleType("numpy")
settings: Any = None


def sets_a_key(key: str) -> None:
    cache[key] = 1


def sets_an_attribute(value: int) -> None:
    settings.limits.upper = value


def sets_through_a_call(key: str) -> None:
    settings.section("a")[key] = 1


def adds_to_a_key(key: str) -> None:
    cache[key] += 1


def annotates_an_attribute() -> None:
    settings.limit: int = 3  # type: ignore[misc]


def deletes_a_key(key: str) -> None:
    del cache[key]


def rebinds_a_global() -> None:
    global count  # noqa: PLW0603
    count += 1


def appends(value: int) -> int:
    items.append(value)
    return len(items)


def appends_deep(value: int) -> None:
    cache["log"].entries.append(value)


def adds_in_a_branch(word: str) -> str:
    if word:
        for letter in word:
            seen.add(letter)
    return word


async def clears_while_async() -> None:
    cache.clear()


def appends_in_a_function_inside(value: int) -> None:
    def inner() -> None:
        items.append(value)

    inner()


def opens_to_write(path: str) -> None:
    with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123
        print("x", file=file)


def opens_to_append(path: str) -> None:
    open(path, mode="ab").close()  # noqa: PTH123


def writes_text(name: str) -> None:
    Path(name).write_text("x", encoding="utf-8")


def unlinks(path: Path) -> None:
    path.unlink()


def removes(path: str) -> None:
    os.remove(path)  # noqa: PTH107


def replaces_a_file(path: str) -> None:
    os.replace(path, "b")  # noqa: PTH105


def removes_a_tree(path: str) -> None:
    shutil.rmtree(path)


def saves_a_table(path: str) -> None:
    frame.to_csv(path)


def inserts(name: str) -> None:
    db.execute("INSERT INTO people VALUES (?)", [name])


def updates_over_lines() -> None:
    db.executescript(
        """
        update people set name = 'x'
        """
    )


def query(sql: str, *values: Any) -> None:
    """Stands for a function of the notebook that runs a statement."""


def runs_a_statement_by_a_function(name: str) -> None:
    query("INSERT INTO people (name) VALUES (?)", name)


def runs_a_statement_by_a_method() -> None:
    db.run("delete from people where name is null")


def drops_on_its_own_connection() -> None:
    connection = sqlite3.connect("a.db")
    connection.execute("drop table people")


@pytest.mark.parametrize(
    ("function", "what"),
    [
        (sets_a_key, "cache[key] = 1"),
        (sets_an_attribute, "settings.limits.upper = value"),
        (sets_through_a_call, 'settings.section("a")[key] = 1'),
        (adds_to_a_key, "cache[key] += 1"),
        (annotates_an_attribute, "settings.limit: int = 3"),
        (deletes_a_key, "del cache[key]"),
        (rebinds_a_global, "count += 1"),
        (appends, "items.append()"),
        (appends_deep, 'cache["log"].entries.append()'),
        (adds_in_a_branch, "seen.add()"),
        (clears_while_async, "cache.clear()"),
        (appends_in_a_function_inside, "items.append()"),
        (opens_to_write, "open()"),
        (opens_to_append, "open()"),
        (writes_text, "Path(name).write_text()"),
        (unlinks, "path.unlink()"),
        (removes, "os.remove()"),
        (replaces_a_file, "os.replace()"),
        (removes_a_tree, "shutil.rmtree()"),
        (saves_a_table, "frame.to_csv()"),
        (inserts, "db.execute()"),
        (updates_over_lines, "db.executescript()"),
        (runs_a_statement_by_a_function, "query()"),
        (runs_a_statement_by_a_method, "db.run()"),
        (drops_on_its_own_connection, "connection.execute()"),
    ],
)
def test_a_write_is_named_as_it_stands_in_the_source(function: Any, what: str) -> None:
    assert writes(function) == what


def reads_a_key(key: str) -> int:
    return cache[key] + len(items)


def builds_its_own_list(values: list[int]) -> list[int]:
    found = []
    for value in values:
        found.append(value)
    found.sort()
    return found


def fills_its_own_dict(words: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for word in words:
        found[word] = found.get(word, 0) + 1
    return found


def counts(words: list[str]) -> int:
    total = 0
    for _ in words:
        total += 1
    return total


def updates_its_own_counter(words: list[str]) -> dict[str, int]:
    counter: Counter[str] = Counter()
    counter.update(words)
    return dict(counter)


def changes_what_it_was_given(values: list[int]) -> list[int]:
    values.append(1)
    return values


def replaces_in_a_text(text: str) -> str:
    return text.replace("a", "b")


def opens_to_read(path: str) -> str:
    with open(path, encoding="utf-8") as file:  # noqa: PTH123
        return file.read()


def opens_a_file_whose_name_has_the_letters_of_a_mode() -> str:
    with open("wax+") as file:  # noqa: PTH123
        return file.read()


def says_how_to_insert() -> None:
    print("Insert a coin into the slot")
    query("update me")


def selects() -> Any:
    return db.execute("select name, updated from people where note = 'delete'").fetchall()


def shadows_a_name_from_outside() -> list[int]:
    items = [3, 1]
    items.append(2)
    return items


@pytest.mark.parametrize(
    "function",
    [
        reads_a_key,
        builds_its_own_list,
        fills_its_own_dict,
        counts,
        updates_its_own_counter,
        changes_what_it_was_given,
        replaces_in_a_text,
        opens_to_read,
        opens_a_file_whose_name_has_the_letters_of_a_mode,
        says_how_to_insert,
        selects,
        shadows_a_name_from_outside,
    ],
)
def test_reading_and_working_on_its_own_objects_is_no_write(function: Any) -> None:
    assert writes(function) is None


def returns_a_table_as_json() -> str:
    return frame.to_json(orient="records")


def returns_a_table_as_csv() -> str:
    return frame.head(3).to_csv(index=False)


def renames_columns() -> Any:
    return frame.rename(columns={"a": "b"})


def sorts_into_a_new_array() -> Any:
    return np.sort(items)


def takes_the_last_of_a_copy() -> int:
    return sorted(items).pop()


@pytest.mark.parametrize(
    "function",
    [
        returns_a_table_as_json,
        returns_a_table_as_csv,
        renames_columns,
        sorts_into_a_new_array,
        takes_the_last_of_a_copy,
    ],
)
def test_what_only_returns_something_new_is_no_write_though_its_name_sounds_like_one(function: Any) -> None:
    assert writes(function) is None


def registered(name: str) -> Any:
    return lambda function: function


settings_registry: Any = type("Registry", (), {"add": staticmethod(registered)})


@settings_registry.add("reader")
def reads_under_a_decorator() -> int:
    return len(items)


def test_what_a_decorator_does_is_not_what_the_function_does() -> None:
    assert writes(reads_under_a_decorator) is None


def logged(function: Any) -> Any:
    @wraps(function)
    def wrapper(*args: Any) -> Any:
        return function(*args)

    return wrapper


@logged
def appends_behind_a_wrapper(value: int) -> None:
    items.append(value)


def test_a_wrapped_function_is_judged_by_its_own_source() -> None:
    assert writes(appends_behind_a_wrapper) == "items.append()"


def made_by_exec() -> Any:
    namespace: dict[str, Any] = {}
    exec("def f():\n    items.append(1)\n", namespace)
    return namespace["f"]


@pytest.mark.parametrize("function", [len, partial(appends, 1), made_by_exec()], ids=["builtin", "partial", "exec"])
def test_nothing_is_said_of_a_function_without_source(function: Any) -> None:
    assert writes(function) is None


def test_a_method_is_read_in_spite_of_its_indentation() -> None:
    class Shop:
        def sell(self) -> None:
            items.append(1)

    assert writes(Shop().sell) == "items.append()"
