"""Policies: the taxonomy of harms, how grave each is, and what follows when one is found."""

from fieldfare.policies.dsa import DSA_CATEGORIES, DSA_KEYWORDS
from fieldfare.policies.forms import AGE_BANDS, SURFACES, PackDoesNotLoad
from fieldfare.policies.kinds import (
    ADULT_YEARS,
    RESTRICTION_KINDS,
    Gate,
    Param,
    RestrictionKind,
    RestrictionKinds,
    Scope,
    UnfitRestriction,
    UnknownKind,
)
from fieldfare.policies.loading import load_default_pack, load_pack, packs_dir
from fieldfare.policies.pack import Overlay, PolicyPack, UnknownPolicy
from fieldfare.policies.policy import Policy, PolicyAction, PolicyText
from fieldfare.policies.severity import (
    DEADLINES_MIN,
    HARM_WEIGHTS,
    OnEdit,
    OnUnknown,
    Severity,
)

__all__ = [
    "ADULT_YEARS",
    "AGE_BANDS",
    "DEADLINES_MIN",
    "DSA_CATEGORIES",
    "DSA_KEYWORDS",
    "HARM_WEIGHTS",
    "RESTRICTION_KINDS",
    "SURFACES",
    "Gate",
    "OnEdit",
    "OnUnknown",
    "Overlay",
    "PackDoesNotLoad",
    "Param",
    "Policy",
    "PolicyAction",
    "PolicyPack",
    "PolicyText",
    "RestrictionKind",
    "RestrictionKinds",
    "Scope",
    "Severity",
    "UnfitRestriction",
    "UnknownKind",
    "UnknownPolicy",
    "load_default_pack",
    "load_pack",
    "packs_dir",
]
