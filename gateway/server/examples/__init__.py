"""The operations that are ready in GraphiQL's tabs."""

from pathlib import Path

from gateway.server.graphiql import Example

_FOLDER = Path(__file__).parent


def create_examples() -> list[Example]:
    """Return the examples in the order of their files.

    A file ``NAME.graphql`` holds an operation and ``NAME.json`` its variables.
    """
    return [
        Example(
            query=path.read_text(encoding="utf-8"),
            variables=_variables(path.with_suffix(".json")),
        )
        for path in sorted(_FOLDER.glob("*.graphql"))
    ]


def _variables(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""
