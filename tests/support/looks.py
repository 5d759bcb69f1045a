"""Check in a page how a view looks, and by axe-core's rules whether everybody can use it."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator

from tests.support.programs import PROGRAMS

AXE = PROGRAMS.parent / "axe-core" / "axe.min.js"

WRONG = """root => {
  const found = [];
  const page = document.documentElement;
  for (const element of root.querySelectorAll('*')) {
    const style = getComputedStyle(element);
    const unseen = style.display === 'none' || style.visibility === 'hidden';
    if (unseen || element.closest('.mcpnb-unseen, svg, option')) continue;
    const scrolls = value => value === 'auto' || value === 'scroll';
    const name = element.tagName.toLowerCase() + '.' + element.className;
    const wide = element.scrollWidth > element.clientWidth + 1;
    if (scrolls(style.overflowX) && wide && !element.matches('.scrolled, .rows, pre'))
      found.push(name + ' scrolls sideways');
    const over = element.scrollHeight - element.clientHeight;
    if (scrolls(style.overflowY) && over > 0 && over < 16) found.push(name + ' scrolls for ' + over + ' px');
    const box = element.getBoundingClientRect();
    const around = root.getBoundingClientRect();
    if (box.width && box.right > around.right + 1 && !element.closest('.scrolled, .rows, pre, .mcpnb-cut, [role=menu]'))
      found.push(name + ' reaches ' + Math.round(box.right - around.right) + ' px over the edge');
    const text = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    if (text && style.overflowX === 'hidden' && element.scrollWidth > element.clientWidth + 1
        && style.textOverflow !== 'ellipsis') found.push(name + ' cuts its text');
  }
  return found;
}"""
"""Elements with a scrollbar that they do not need, over the edge, or with text that is cut."""


def assert_good(view: Locator) -> None:
    """Assert that nothing is cut, over the edge, or scrolls without need, and that axe-core finds nothing."""
    wrong = view.evaluate(WRONG)
    assert wrong == [], wrong
    if not view.page.evaluate("'axe' in window"):
        view.page.add_script_tag(path=AXE)
    found: list[dict[str, Any]] = view.evaluate("root => axe.run(root).then(found => found.violations)")
    broken = [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in found]
    assert broken == [], broken
