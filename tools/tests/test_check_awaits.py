"""What check_awaits.py refuses and what it lets pass, expression by expression."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import check_awaits  # noqa: E402
import sources  # noqa: E402

REFUSED = [
    "co_await f(Agg{.a = s});",
    "co_await f({s, 1});",
    "auto r = co_await g(f(Agg{}));",
    "f(Agg{1}, co_await g());",
    "co_await f([owned] { return owned; });",
    "co_await f([=](int x) { return x; });",
    "co_await (fast ? a() : b());",
    "auto r = fast ? co_await a() : b();",
    "r = co_await ready() ? co_await a() : 0;",
    "auto [a, b] = co_await f();",
    "if (auto r = co_await f({1}); r) { g(); }",
    "int x; for (;;) { h(); co_await f(std::vector<int>{1, 2}); }",
    "co_return co_await f(Agg{});",
]
ACCEPTED = [
    "Agg a{.a = s}; co_await f(std::move(a));",
    "auto task = f(Agg{}); co_await std::move(task);",
    "co_await f(Class(x));",
    "if (ready) { co_await f(); } else { co_await g(); }",
    "while (co_await next()) { auto v = std::vector<int>{1}; use(v); }",
    "auto work = [owned] { return owned; }; co_await f(std::move(work));",
    "spawn([self]() -> Task { co_await self->run(); });",
    "auto r = co_await f(); auto [a, b] = r;",
    "co_await f([](int x) { return x; });",
    "int y = a[3]; co_await f(a[y]);",
    'log("{}"); co_await f("{?}", 1\'000);  // Agg{1}',
    "switch (x) { case 1: co_await f(); break; }",
    "int v = x ? 1 : 2; co_await f(v);",
    "count += co_await ready() ? 1 : 0;",
    "co_await f(x ? 1 : 2);",
    "auto c = co_await connect(std::chrono::seconds{30});",
]


def refused(statements: str) -> bool:
    """Whether the check finds anything in a coroutine with this body."""
    return bool(check_awaits.objections(sources.code_of(f"Task<int> run() {{ {statements} }}")))


@pytest.mark.parametrize("statements", REFUSED)
def test_refuses(statements: str) -> None:
    assert refused(statements)


@pytest.mark.parametrize("statements", ACCEPTED)
def test_accepts(statements: str) -> None:
    assert not refused(statements)
