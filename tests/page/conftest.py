"""Visitors of the page in a real Chromium. The tests are skipped if there is none."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.network.conftest import network, pair, shared

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.page.browser import Visitor

__all__ = ["network", "pair", "shared"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/page/" in item.path.as_posix():
            item.add_marker(pytest.mark.page)


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    sync_api = pytest.importorskip("playwright.sync_api", reason="these tests need playwright: pip install '.[page]'")
    from tests.page.browser import CHROMIUM, launch

    if not CHROMIUM.exists():
        pytest.skip(f"the page's tests need {CHROMIUM}: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: "Browser") -> "Iterator[Callable[..., Visitor]]":
    """Return a function that makes visitors. At the end, the page must have had no error and no policy violation."""
    from tests.page.browser import Visitor

    visitors: list[Visitor] = []

    def make(*arguments: Any, **options: Any) -> Visitor:
        visitors.append(Visitor(browser, *arguments, **options))
        return visitors[-1]

    yield make
    problems = [problem for visitor in visitors for problem in visitor.problems]
    for visitor in visitors:
        visitor.close()
    assert not problems
