"""The page for browsers, as the gateway writes it: no Node and no browser needed."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from gateway.server import graphiql
from gateway.server.graphiql import Example, find_assets, graphiql_routes, render

EXAMPLE = Example(query="{ viewer { name } }", variables="{}")
HOSTILE = "</script><script>alert(1)</script><!-- & \u2028"
CDN = "https://cdn.jsdelivr.net/npm/"
SCRIPTS = [
    f"{CDN}react@18.3.1/umd/react.production.min.js",
    f"{CDN}react-dom@18.3.1/umd/react-dom.production.min.js",
    f"{CDN}graphiql@4.1.2/graphiql.min.js",
]
STATIC = Path(graphiql.__file__).parent / "static"
STYLES = f"{CDN}graphiql@4.1.2/graphiql.min.css"


class Page(HTMLParser):
    """The elements of a page, and the text of its script elements."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self._text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._text = []

    def handle_data(self, data: str) -> None:
        self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self.scripts.append("".join(self._text))

    @property
    def loads(self) -> list[dict[str, str | None]]:
        """The attributes of what the page loads, in its order."""
        return [
            attributes
            for _, attributes in self.elements
            if "src" in attributes or attributes.get("rel") == "stylesheet"
        ]

    @property
    def configuration(self) -> Any:
        """The one script element with a text: what the page is told."""
        [text] = filter(None, self.scripts)
        return json.loads(text)


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    """What vite writes, in small."""
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    entry = {"file": "assets/main-1a2b.js", "css": ["assets/main-3c4d.css"]}
    (folder / "manifest.json").write_text(json.dumps({"src/main.js": entry}))
    (folder / "assets" / "main-1a2b.js").write_text("export {};")
    return folder


async def get(
    assets: Path | None, path: str, headers: dict[str, str] | None = None
) -> httpx.Response:
    app = Starlette(routes=graphiql_routes(assets=assets))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
    ) as client:
        return await client.get(f"/graphiql/{path}", headers=headers)


def policy_of(csp: str) -> dict[str, str]:
    return dict(directive.split(" ", 1) for directive in csp.split("; "))


def test_only_a_folder_with_a_manifest_holds_assets(assets: Path) -> None:
    assert find_assets(assets) == assets
    assert find_assets(assets / "assets") is None
    assert find_assets(assets / "absent") is None


def test_the_built_page_loads_its_own_files_alone(assets: Path) -> None:
    html, _ = render([EXAMPLE], "sandbox", assets=assets)

    assert Page(html).loads == [
        {"rel": "stylesheet", "href": "/graphiql/assets/main-3c4d.css"},
        {"type": "module", "src": "/graphiql/assets/main-1a2b.js"},
    ]
    assert "<strong>sandbox</strong>" in html
    assert "jsdelivr" not in html


@pytest.mark.parametrize("built", [True, False])
def test_the_page_has_a_place_for_notices(assets: Path, *, built: bool) -> None:
    html, _ = render([EXAMPLE], "sandbox", assets=assets if built else None)

    notice: dict[str, str | None] = {
        "class": "notice",
        "id": "notice",
        "role": "status",
    }
    assert Page(html).elements.count(("p", notice)) == 1


def test_the_built_page_may_reach_nothing_but_its_origin(assets: Path) -> None:
    _, csp = render([EXAMPLE], "sandbox", assets=assets)

    assert policy_of(csp) == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self' 'unsafe-inline'",
        "worker-src": "'self'",
        "font-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_the_fallback_page_pins_every_public_file() -> None:
    html, _ = render([EXAMPLE], "live", assets=None)

    loads = Page(html).loads
    public = [tag for tag in loads if "integrity" in tag]
    own = [tag for tag in loads if "integrity" not in tag]
    assert [tag.get("src") or tag["href"] for tag in public] == [STYLES, *SCRIPTS]
    assert {tag["crossorigin"] for tag in public} == {"anonymous"}
    # The length of a SHA-384 in base64.
    assert {len(str(tag["integrity"])) for tag in public} == {len("sha384-") + 64}
    assert own == [
        {"rel": "stylesheet", "href": "/graphiql/page.css"},
        {"type": "module", "src": "/graphiql/fallback.js"},
    ]


def test_the_fallback_page_may_load_those_files_and_no_others() -> None:
    _, csp = render([EXAMPLE], "live", assets=None)

    assert policy_of(csp) == {
        "default-src": "'none'",
        "script-src": f"'self' {' '.join(SCRIPTS)}",
        "style-src": f"'self' {STYLES} 'unsafe-inline'",
        "worker-src": "'self'",
        "font-src": "'self' data:",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_the_fallback_page_says_where_it_comes_from() -> None:
    html, _ = render([EXAMPLE], "live", assets=None)

    assert (
        '<p class="banner"><strong>live</strong> This page loads GraphiQL from '
        "cdn.jsdelivr.net, pinned by hash; build the assets with Node &gt;= 20 to "
        "serve it from here.</p>"
    ) in html


@pytest.mark.parametrize("built", [True, False])
def test_nothing_that_is_put_in_the_page_can_leave_its_place(
    assets: Path, *, built: bool
) -> None:
    example = Example(query=HOSTILE, variables=HOSTILE, headers=HOSTILE)
    found = assets if built else None
    harmless = Page(render([EXAMPLE], "sandbox", assets=found)[0])

    page = Page(render([example], HOSTILE, assets=found)[0])

    assert page.elements == harmless.elements
    assert page.configuration == {
        "endpoint": "/graphql",
        "examples": [{"query": HOSTILE, "variables": HOSTILE, "headers": HOSTILE}],
    }


async def test_a_hashed_file_may_be_kept_for_good(assets: Path) -> None:
    response = await get(assets, "assets/main-1a2b.js")

    assert response.status_code == 200
    assert response.text == "export {};"
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers["content-type"].startswith("text/javascript")
    assert response.headers["content-security-policy"] == "default-src 'none'"
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_another_file_is_asked_for_again_each_time(assets: Path) -> None:
    response = await get(assets, "manifest.json")
    again = await get(
        assets, "manifest.json", {"If-None-Match": response.headers["etag"]}
    )

    assert response.headers["cache-control"] == "no-cache"
    assert again.status_code == 304
    assert again.headers["cache-control"] == "no-cache"


async def test_the_modules_of_the_fallback_page_are_served() -> None:
    asked, waiting = set(), {"fallback.js", "page.css"}
    while waiting:
        name = waiting.pop()
        response = await get(None, name)

        assert response.status_code == 200, name
        assert response.headers["cache-control"] == "no-cache"
        asked.add(name)
        imported = re.findall(
            r'^import .* from "\./(.+)";$', response.text, re.MULTILINE
        )
        waiting |= set(imported) - asked

    assert asked == {path.name for path in STATIC.iterdir()}


@pytest.mark.parametrize(
    "path", ["__init__.py", "package.json", "%2e%2e/__init__.py", ""]
)
async def test_nothing_else_of_the_package_is_served(path: str) -> None:
    assert (await get(None, path)).status_code == 404
