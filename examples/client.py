"""A client that fails closed: no answer in time, or any error, means "do not show"."""

import http.client
import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit


class FieldfareClient:
    """Talks to one Fieldfare server with one API key (scopes ingest and gate). Thread-safe."""

    def __init__(self, base_url: str, key: str, timeout_s: float = 0.5) -> None:
        self._url = urlsplit(base_url)
        self._headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        self._timeout_s = timeout_s  # for connecting, and for every wait on the answer

    def _post(self, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        secure = self._url.scheme == "https"
        connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = connect(self._url.netloc, timeout=self._timeout_s)
        try:
            connection.request("POST", path, json.dumps(body), self._headers)
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        if response.status not in (200, 202):  # a redirect is not followed: the key stays here
            raise OSError(f"{path} answered {response.status}: {text[:200]!r}")
        answer: dict[str, Any] = json.loads(text)
        return answer

    def post_item(self, item: Mapping[str, object]) -> dict[str, Any]:
        """Send an item ({kind, host_id, key, author, market, text...}); it is durable on return.

        Raises OSError or HTTPException if it may not have arrived: call again with the same `key`.
        """
        return self._post("/v1/items", item)

    def may_show(
        self, ids: Iterable[tuple[str, str]], surface: str, viewer: Mapping[str, str]
    ) -> dict[tuple[str, str], bool]:
        """Tell for every (kind, host_id), at most 500, whether this viewer may see it now.

        An item with a warning counts as False: show it only behind a screen of your own.
        """
        shown = dict.fromkeys(ids, False)
        items = [{"kind": kind, "host_id": host_id} for kind, host_id in shown]
        body = {"surface": surface, "viewer": viewer, "items": items}
        try:
            told = self._post("/v1/eligibility", body)
            allowed = {(it["kind"], it["host_id"]) for it in told["items"] if it["show"] == "yes"}
        except Exception:  # noqa: BLE001  # whatever went wrong, it is not shown
            return shown
        return {asked: asked in allowed for asked in shown}
