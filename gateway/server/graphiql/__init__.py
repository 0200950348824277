"""The page that browsers get at ``/graphql``: GraphiQL, from the gateway's own origin.

``npm run build`` in this folder writes ``dist``, which is not committed; the wheel's
build hook runs it where Node is found. Without it a fallback page loads pinned public
builds instead, and says so. Each page has its own content security policy, and none
needs an inline script: what the page must know stands in it as JSON.
"""

from collections.abc import Sequence
from html import escape
from os import PathLike, stat_result
from pathlib import Path

import msgspec
from msgspec import Struct
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

ENDPOINT = "/graphql"
ASSETS_PATH = "/graphiql"
TITLE = "Approvals gateway"

_FOLDER = Path(__file__).parent
_CDN = "https://cdn.jsdelivr.net"


class Example(Struct, frozen=True, kw_only=True):
    """An operation that is ready in a tab; its operation name is the tab's title."""

    query: str
    variables: str
    """JSON text; empty where the operation takes none."""
    headers: str = ""
    """JSON text of the request headers; empty for none."""


class _PublicFile(Struct, frozen=True):
    """A file of a public npm package, and the only content that a browser may take."""

    path: str
    integrity: str

    @property
    def url(self) -> str:
        return f"{_CDN}/npm/{self.path}"


# The last release of GraphiQL with a build for script tags, and the last React with
# one. The hashes are those of the files in the packages' tarballs.
_STYLES = (
    _PublicFile(
        "graphiql@4.1.2/graphiql.min.css",
        "sha384-1el1QShFBnnXTx9x/Cprg82hZWKt0ry29OAYIXt05swbi0KcZDFoj0CWguMpopJr",
    ),
)
_SCRIPTS = (
    _PublicFile(
        "react@18.3.1/umd/react.production.min.js",
        "sha384-DGyLxAyjq0f9SPpVevD6IgztCFlnMF6oW/XQGmfe+IsZ8TqEiDrcHkMLKI6fiB/Z",
    ),
    _PublicFile(
        "react-dom@18.3.1/umd/react-dom.production.min.js",
        "sha384-gTGxhz21lVGYNMcdJOyq01Edg0jhn/c22nsx0kyqP0TxaV5WVdsSH1fSDUf5YJj1",
    ),
    _PublicFile(
        "graphiql@4.1.2/graphiql.min.js",
        "sha384-9XdHu7ajgGJziD4J1zNBKQ842Q/+zZfDv+ib1eMhZWBH6hPAs806x+Jbcf0yNO6B",
    ),
)
_NOTICE = (
    "This page loads GraphiQL from cdn.jsdelivr.net, pinned by hash; "
    "build the assets with Node >= 20 to serve it from here."
)


def find_assets(folder: Path = _FOLDER / "dist") -> Path | None:
    """Return *folder* when it holds built assets, else None."""
    return folder if (folder / "manifest.json").is_file() else None


def render(
    examples: Sequence[Example], banner: str, *, assets: Path | None
) -> tuple[str, str]:
    """Return the page and its content security policy.

    Args:
        examples: One tab each, in order.
        banner: One line at the bottom: what stands behind this gateway.
        assets: What `find_assets` found; None gives the fallback page.
    """
    return (
        _render_built(examples, banner, assets)
        if assets
        else _render_fallback(examples, banner)
    )


def graphiql_routes(*, assets: Path | None) -> list[BaseRoute]:
    """Return the routes of the files that the page of `render` asks for."""
    files = _PageFiles(directory=assets or _FOLDER / "static")
    return [Mount(ASSETS_PATH, app=files, name="graphiql")]


class _PageFiles(StaticFiles):
    """Static files with the cache headers that their names allow."""

    def file_response(
        self,
        full_path: str | PathLike[str],
        stat_result: stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        # Vite puts a hash of the content in the name of everything in this folder.
        hashed = Path(full_path).parent.name == "assets"
        response.headers["Cache-Control"] = (
            "public, max-age=31536000, immutable" if hashed else "no-cache"
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        # A worker runs under the policy of its own file: it may load nothing.
        response.headers["Content-Security-Policy"] = "default-src 'none'"
        return response


def _render_built(
    examples: Sequence[Example], banner: str, assets: Path
) -> tuple[str, str]:
    manifest = msgspec.json.decode((assets / "manifest.json").read_bytes())
    entry = manifest["src/main.js"]
    page = _page(
        examples,
        banner=f"<strong>{escape(banner)}</strong>",
        styles=[_style(f"{ASSETS_PATH}/{path}") for path in entry["css"]],
        scripts=[_module(f"{ASSETS_PATH}/{entry['file']}")],
    )
    return page, _policy(scripts=[], styles=[], fonts=[])


def _render_fallback(examples: Sequence[Example], banner: str) -> tuple[str, str]:
    page = _page(
        examples,
        banner=f"<strong>{escape(banner)}</strong> {escape(_NOTICE)}",
        styles=[
            *(_style(file.url, file.integrity) for file in _STYLES),
            _style(f"{ASSETS_PATH}/page.css"),
        ],
        scripts=[
            *(
                f'<script src="{file.url}" integrity="{file.integrity}" '
                'crossorigin="anonymous" defer></script>'
                for file in _SCRIPTS
            ),
            _module(f"{ASSETS_PATH}/fallback.js"),
        ],
    )
    # The public style sheet carries its fonts in data: addresses.
    return page, _policy(
        scripts=[file.url for file in _SCRIPTS],
        styles=[file.url for file in _STYLES],
        fonts=["data:"],
    )


def _policy(
    *, scripts: Sequence[str], styles: Sequence[str], fonts: Sequence[str]
) -> str:
    directives = {
        "default-src": ["'none'"],
        "script-src": ["'self'", *scripts],
        # Both editors write their colours and line positions as inline styles, and
        # offer no nonce; an inline style cannot run anything.
        "style-src": ["'self'", *styles, "'unsafe-inline'"],
        "worker-src": ["'self'"],
        "font-src": ["'self'", *fonts],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(value)}" for name, value in directives.items())


def _style(url: str, integrity: str = "") -> str:
    pinned = f' integrity="{integrity}" crossorigin="anonymous"' if integrity else ""
    return f'<link rel="stylesheet" href="{url}"{pinned}>'


def _module(url: str) -> str:
    return f'<script type="module" src="{url}"></script>'


def _page(
    examples: Sequence[Example],
    *,
    banner: str,
    styles: Sequence[str],
    scripts: Sequence[str],
) -> str:
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{TITLE}</title>",
            '<link rel="icon" href="data:,">',
            *styles,
            "</head>",
            "<body>",
            '<div id="graphiql"></div>',
            '<p class="notice" id="notice" role="status"></p>',
            f'<p class="banner">{banner}</p>',
            '<script type="application/json" id="page">',
            _configuration(examples),
            "</script>",
            *scripts,
            "</body>",
            "</html>",
        ]
    )


def _configuration(examples: Sequence[Example]) -> str:
    text = msgspec.json.encode({"endpoint": ENDPOINT, "examples": examples}).decode()
    # Inside a script element only "<" could end it; JSON has it as an escape too.
    return text.replace("<", r"\u003c")
