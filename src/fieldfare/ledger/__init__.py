"""The ledger: what proves afterwards that the log was not changed, and what lets a person be
forgotten.
"""

from fieldfare.ledger.erasure import Erased, ErasureUnit, erase
from fieldfare.ledger.heads import Head, Heads
from fieldfare.ledger.keys import (
    ERASED,
    MASTER_KEY_VARIABLE,
    ORGANISATION,
    DataKey,
    Vault,
    create_key_file,
    load_key,
    load_master_key,
    payload_aad,
)
from fieldfare.ledger.repositories import (
    Agreement,
    Agreements,
    DataKeys,
    LedgerRow,
    LedgerRows,
    Projections,
    Seal,
    Seals,
)
from fieldfare.ledger.sealer import LedgerStore, LedgerUnit, Sealer
from fieldfare.ledger.seals import SEAL_KEY_VARIABLE, load_seal_key, merkle_root, seal_rows
from fieldfare.ledger.verify import ACCOUNT_ERASED, Verification, audit, compared, verify

__all__ = [
    "ACCOUNT_ERASED",
    "ERASED",
    "MASTER_KEY_VARIABLE",
    "ORGANISATION",
    "SEAL_KEY_VARIABLE",
    "Agreement",
    "Agreements",
    "DataKey",
    "DataKeys",
    "Erased",
    "ErasureUnit",
    "Head",
    "Heads",
    "LedgerRow",
    "LedgerRows",
    "LedgerStore",
    "LedgerUnit",
    "Projections",
    "Seal",
    "Sealer",
    "Seals",
    "Vault",
    "Verification",
    "audit",
    "compared",
    "create_key_file",
    "erase",
    "load_key",
    "load_master_key",
    "load_seal_key",
    "merkle_root",
    "payload_aad",
    "seal_rows",
    "verify",
]
