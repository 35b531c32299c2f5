"""The kinds of exchanges there are, by the names HMA and ThreatExchange's tools use."""

from types import MappingProxyType
from typing import Final

from fieldfare.kernel import BadInput, did_you_mean
from fieldfare.matching.exchanges.local_file import LOCAL_FILE
from fieldfare.matching.exchanges.ncmec import NCMEC
from fieldfare.matching.exchanges.protocol import ExchangeApi
from fieldfare.matching.exchanges.stopncii import STOPNCII
from fieldfare.matching.exchanges.tat import TAT
from fieldfare.matching.exchanges.threatexchange import THREATEXCHANGE

APIS: Final = MappingProxyType(
    {api.name: api for api in (NCMEC, STOPNCII, THREATEXCHANGE, TAT, LOCAL_FILE)}
)


def api_named(name: str) -> ExchangeApi:
    """Give a kind of exchange. Raises BadInput for one that is not there."""
    if name not in APIS:
        hint = did_you_mean(name, APIS) or f"There are: {', '.join(APIS)}."
        raise BadInput(f"no exchange of the kind {name!r}", hint=hint, pointer="/api")
    return APIS[name]
