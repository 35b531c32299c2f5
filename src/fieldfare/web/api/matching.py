"""The match debugger over JSON: a file or its hashes in, every bank's matches out, and what nearly
matches with the reason why it does not.
"""

from typing import Annotated, Final

import msgspec
import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from fieldfare.access import Permission, Principal
from fieldfare.ingest.schemas import decode
from fieldfare.kernel import BadInput, JsonValue
from fieldfare.matching import row_of
from fieldfare.matching.fingerprints import FORMS, Fingerprint, FrameTable, probes_of
from fieldfare.matching.known import Explained
from fieldfare.matching.matches import BankMatch
from fieldfare.web.api.banks import GOOD, Digest128, Digest256, Hex64
from fieldfare.web.api.shapes import answer, openapi_body
from fieldfare.web.guards import Platform, requires
from fieldfare.web.served import Served
from fieldfare.web.turns import in_turn

router = APIRouter(prefix="/v1", tags=["administration"])


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is looked up in place of a file: digests, or the PDQ of frames a second apart."""

    sha256: Digest256 = ""
    md5: Digest128 = ""
    pdq: Annotated[tuple[Hex64, ...], msgspec.Meta(max_length=3_600)] = ()


_ASKED: Final = msgspec.json.Decoder(Asked)


@router.post("/match", openapi_extra=openapi_body(Asked, with_media=True))
async def match(
    request: Request,
    who: Annotated[Principal, requires(Permission.BANKS_READ)],
    platform: Platform,
) -> Response:
    """Look a file up in every bank, by itself (part `file`) or by its hashes (JSON).

    Nothing is kept. near: what is like an entry and no match, with why.
    """
    problem = ""
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        async with request.form(max_files=1) as form:
            part = form.get("file")
            if not isinstance(part, UploadFile):
                raise BadInput("no file part", hint="Send the file in a part called file.")
            fingerprint, problem = await run_in_threadpool(_taken, platform, who, part)
    else:
        fingerprint = _of_hashes(decode(_ASKED, await request.body()))
    found = await run_in_threadpool(
        in_turn, lambda: platform.recognising.explained(who.org, fingerprint)
    )
    return answer({**asked_json(fingerprint, problem), **explained_json(found)})


def _taken(platform: Served, who: Principal, part: UploadFile) -> tuple[Fingerprint, str]:
    known = platform.recognising.shelf.known(who.org)
    taken = in_turn(lambda: platform.scanning.fingerprint(part.file, stills=known.looks_at_stills))
    return taken.fingerprint, taken.found.problem


def _of_hashes(asked: Asked) -> Fingerprint:
    if not (asked.sha256 or asked.md5 or asked.pdq):
        raise BadInput("nothing to look up", hint="Give sha256, md5 or pdq, or send a file.")
    bits = np.array([row_of(text) for text in asked.pdq], np.uint8).reshape(-1, 32)
    t = np.arange(len(bits), dtype=np.float64)
    frames = FrameTable.of(t, bits, np.full(len(bits), GOOD, np.uint8))
    seconds = float(len(bits)) if len(bits) > 1 else 0.0
    return Fingerprint(
        sha256=asked.sha256, md5=asked.md5, seconds=seconds, frames=probes_of(frames)
    )


def asked_json(fingerprint: Fingerprint, problem: str) -> dict[str, JsonValue]:
    """Write what was looked up. frames: moments; sound_s: seconds of sound that could be heard."""
    moments = np.unique(fingerprint.frames.t)
    return {
        "sha256": fingerprint.sha256,
        "md5": fingerprint.md5,
        "seconds": round(fingerprint.seconds, 3),
        "frames": len(moments),
        "sound_s": round(fingerprint.sound.seconds, 3) if fingerprint.sound else 0.0,
        "problem": problem,
    }


def explained_json(found: Explained) -> dict[str, JsonValue]:
    """Write what a file matches, and what it nearly does."""
    return {
        "matches": [match_json(match) for match in found.matches],
        "near": [{**match_json(near.match), "why": list(near.why)} for near in found.near],
        "left_out": list(found.left_out),
    }


def match_json(match: BankMatch) -> dict[str, JsonValue]:
    """Write a match with its whole explanation: pairs of frames, each with how it was turned."""
    built: dict[str, JsonValue] = msgspec.to_builtins(match)
    built["spans"] = [[span.start, span.end] for span in match.spans]
    built["pairs"] = [
        {
            "t": pair.t_query,
            "t_entry": pair.t_reference,
            "distance": pair.distance,
            "agreeing": pair.agreeing,
            "form": FORMS[pair.form],
            "window": pair.window,
        }
        for pair in match.pairs
    ]
    return {**built, "counts": match.counts}
