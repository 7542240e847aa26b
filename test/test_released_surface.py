"""What the last release offered is still there: names, parameters and their order.

`released/` has the `surface.txt` of each release; copy it there when you make one. What a release
takes away on purpose is in `REMOVED`, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from test.support.pages import ROOT

HERE = Path(__file__).parent
REMOVED: Mapping[str, str] = {
    "openapi_client.configuration Configuration.renewed_authorization": "was never documented",
    "openapi_client.rest unread_answers": "was never documented",
    **dict.fromkeys(
        (
            "openapi_client.rest RESTResponse.attempts",
            "openapi_client.rest RESTResponse.hint",
            "openapi_client.rest RESTResponse.retry_after",
            "openapi_client.rest RESTResponse.sent",
        ),
        "is an attribute of instances, which the surface does not list",
    ),
}


def offered(surface: Path) -> Iterator[tuple[str, list[str]]]:
    """Each name of a surface, with its parameters."""
    text = re.sub(r"\n {8,}", " ", surface.read_text("utf-8"))
    module = owner = ""
    for line in text.splitlines():
        content = line.lstrip("+ ").replace(" ++ ", ", ")
        if not content or line.startswith("#"):
            continue
        indentation = len(line.replace("+", " ", 1)) - len(line.replace("+", " ", 1).lstrip())
        word = re.sub(r"^(class|classmethod|property|field|config|module|object) ", "", content)
        name = re.split(r"\W", word)[0] if indentation else word
        if not indentation:
            module, owner = name, ""
            continue
        if indentation == 2:
            owner = name if content.startswith("class ") else ""
        path = f"{owner}.{name}" if owner and indentation > 2 else name
        called = "(" in word and not content.startswith("class ")  # which has bases there
        yield f"{module} {path}", parameters(word) if called else []


def parameters(signature: str) -> list[str]:
    """The names of parameters, in order; what stands in defaults has no ` name=`."""
    inner = signature.partition("(")[2].rpartition(")")[0]
    while nested := re.search(r"[(\[{][^()\[\]{}]*[)\]}]", inner):
        inner = inner.replace(nested[0], "")
    return [part.partition("=")[0].strip() for part in inner.split(",") if part.strip()]


def test_nothing_of_the_last_release_is_missing() -> None:
    now = dict(offered(HERE / "surface.txt"))
    releases = sorted((HERE / "released").glob("*.txt"))
    for name, known in offered(releases[-1]):
        owner = name.rpartition(".")[0]
        moved = owner in now and not any(other.startswith(f"{owner}.") for other in now)
        if name in REMOVED or moved:  # a class of a module that passes it on now
            continue
        assert name in now, f"{name} is gone"
        plain = [parameter for parameter in known if not parameter.startswith("*")]
        accepted = [parameter for parameter in now[name] if not parameter.startswith("*")]
        missing = [parameter for parameter in plain if parameter not in accepted]
        assert not missing, f"{name} does not take {missing}"
        positional = known[: known.index("*")] if "*" in known else plain
        positional = [parameter for parameter in positional if not parameter.startswith("*")]
        assert accepted[: len(positional)] == positional, f"{name} takes another order"


def test_the_release_before_this_version_is_kept() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    released = re.findall(r"^## \[(\d[\w.]*)\]", changelog, re.MULTILINE)[0]
    assert (HERE / "released" / f"{released}.txt").is_file()
