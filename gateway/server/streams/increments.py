"""An answer in parts, in the form that a client reads.

Both forms begin with a part that has the data that were not deferred.

    NEWEST      what is `pending` has an id and a path, `incremental` data name the id,
                and `completed` says that no more comes for it
    DEFER_2022  each deferred fragment comes at its path, with its label and whole

https://specs.apollo.dev/incremental/v0.2/ and https://specs.apollo.dev/incremental/v0.1/
(checked 2026-11-20).
"""

from collections.abc import AsyncGenerator, Iterable
from typing import Any

from graphql import DocumentNode, ExecutionResult, GraphQLError
from graphql.execution import (
    CompletedResult,
    IncrementalDeferResult,
    InitialIncrementalExecutionResult,
    PendingResult,
    SubsequentIncrementalExecutionResult,
)

from gateway.engine import Increments
from gateway.server.negotiation import IncrementalSpec
from gateway.server.presenter import present_errors, present_failure, present_result
from gateway.server.streams.fragments import DeferredFragments, merge


async def present_increments(
    increments: Increments,
    spec: IncrementalSpec,
    document: DocumentNode,
    request_id: str,
) -> AsyncGenerator[dict[str, Any]]:
    """Return the parts of an answer as they are there; `hasNext` is false in the last.

    *document* is the one with what it defers. Closing the generator ends what is still
    executed.
    """
    form: _Newest | _Defer2022 = (
        _Newest(request_id)
        if spec is IncrementalSpec.NEWEST
        else _Defer2022(document, request_id)
    )
    subsequent = increments.subsequent_results
    has_next = True
    try:
        yield form.first(increments.initial_result)
        async for result in subsequent:
            has_next = result.has_next
            yield form.next(result)
    except Exception as error:  # noqa: BLE001 - the presenter shows what may be shown
        yield {**present_failure(error, request_id), "hasNext": False}
    else:
        if has_next:
            yield {"hasNext": False}
    finally:
        await subsequent.aclose()


class _Newest:
    """The form in which graphql-core gives the parts."""

    def __init__(self, request_id: str) -> None:
        self._request_id = request_id

    def first(self, result: InitialIncrementalExecutionResult) -> dict[str, Any]:
        """Return the part with what was not deferred."""
        body = _present_initial(result, self._request_id)
        body["pending"] = [_present_pending(one) for one in result.pending]
        body["hasNext"] = result.has_next
        return body

    def next(self, result: SubsequentIncrementalExecutionResult) -> dict[str, Any]:
        """Return a part with some of what was deferred."""
        body: dict[str, Any] = {}
        if result.pending:
            body["pending"] = [_present_pending(one) for one in result.pending]
        if result.incremental:
            body["incremental"] = [
                self._present_data(one)
                for one in result.incremental
                if isinstance(one, IncrementalDeferResult)
            ]
        if result.completed:
            body["completed"] = [self._present_end(one) for one in result.completed]
        body["hasNext"] = result.has_next
        return _with_request_id(body, self._request_id)

    def _present_data(self, one: IncrementalDeferResult) -> dict[str, Any]:
        body: dict[str, Any] = {"id": one.id, "data": one.data}
        if one.sub_path:
            body["subPath"] = one.sub_path
        if one.errors:
            body["errors"] = present_errors(one.errors, self._request_id)
        return body

    def _present_end(self, one: CompletedResult) -> dict[str, Any]:
        if not one.errors:
            return {"id": one.id}
        return {"id": one.id, "errors": present_errors(one.errors, self._request_id)}


class _Defer2022:
    """The form of August 2022, which has paths in place of ids.

    A client takes a fragment for received once its path and label have come, and some
    read it from that entry alone. So a fragment with a label comes whole, with what
    others have sent already; one without comes as it is there.
    """

    def __init__(self, document: DocumentNode, request_id: str) -> None:
        self._request_id = request_id
        self._fragments = DeferredFragments(document)
        self._pending: dict[str, PendingResult] = {}
        self._errors: dict[str, list[GraphQLError]] = {}
        # The whole answer, as far as it has come.
        self._data: Any = None

    def first(self, result: InitialIncrementalExecutionResult) -> dict[str, Any]:
        """Return the part with what was not deferred."""
        self._expect(result.pending)
        self._data = result.data
        body = _present_initial(result, self._request_id)
        body["hasNext"] = result.has_next
        return body

    def next(self, result: SubsequentIncrementalExecutionResult) -> dict[str, Any]:
        """Return a part with some of what was deferred."""
        self._expect(result.pending)
        entries = []
        for one in result.incremental or ():
            if isinstance(one, IncrementalDeferResult):
                entries += self._take(one)
        for end in result.completed or ():
            entries += self._finish(end)
        body: dict[str, Any] = {"incremental": entries} if entries else {}
        body["hasNext"] = result.has_next
        return _with_request_id(body, self._request_id)

    def _expect(self, pending: Iterable[PendingResult] | None) -> None:
        self._pending.update((one.id, one) for one in pending or ())

    def _take(self, one: IncrementalDeferResult) -> list[dict[str, Any]]:
        fragment = self._pending[one.id]
        path = [*fragment.path, *(one.sub_path or ())]
        merge(_find(self._data, path), one.data)
        if fragment.label in self._fragments:
            self._errors.setdefault(one.id, []).extend(one.errors or ())
            return []
        return [self._entry(path, None, one.data, one.errors)]

    def _finish(self, one: CompletedResult) -> list[dict[str, Any]]:
        fragment = self._pending.pop(one.id)
        path, label = fragment.path, fragment.label
        if one.errors:
            return [self._entry(path, label, None, one.errors)]
        if label is None or label not in self._fragments:
            return []
        data = self._fragments.cut(label, _find(self._data, path))
        return [self._entry(path, label, data, self._errors.pop(one.id, None))]

    def _entry(
        self,
        path: list[str | int],
        label: str | None,
        data: dict[str, Any] | None,
        errors: list[GraphQLError] | None,
    ) -> dict[str, Any]:
        entry: dict[str, Any] = {"path": path, "data": data}
        if label is not None:
            entry["label"] = label
        if errors:
            entry["errors"] = present_errors(errors, self._request_id)
        return entry


def _find(data: Any, path: Iterable[str | int]) -> Any:
    for key in path:
        data = data[key]
    return data


def _present_initial(
    result: InitialIncrementalExecutionResult, request_id: str
) -> dict[str, Any]:
    return present_result(ExecutionResult(result.data, result.errors), request_id)


def _present_pending(one: PendingResult) -> dict[str, Any]:
    body: dict[str, Any] = {"id": one.id, "path": one.path}
    if one.label is not None:
        body["label"] = one.label
    return body


def _with_request_id(body: dict[str, Any], request_id: str) -> dict[str, Any]:
    """Add the request id to a part that has errors, as every answer has it."""
    entries = [*body.get("incremental", ()), *body.get("completed", ())]
    if any("errors" in one for one in entries):
        body["extensions"] = {"requestId": request_id}
    return body
