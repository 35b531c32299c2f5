"""Priority banks also find copies whose frames no hash of a whole picture meets."""

from io import BytesIO
from pathlib import Path

import pytest

from fieldfare.engine.banks import add_to_bank, put_bank
from fieldfare.matching.features import is_available, unpack_features
from fieldfare.matching.repositories import BankRecord
from fieldfare.testing.clips import Clip, write_clip
from fieldfare.testing.platforms import Community, a_video

pytestmark = pytest.mark.skipif(not is_available(), reason="OpenCV is not installed")


def test_an_entry_of_a_priority_bank_is_found_by_its_local_features(
    community: Community, tmp_path: Path
) -> None:
    platform, org = community.platform, community.org
    clip = write_clip(tmp_path / "clip.webm", Clip(codec="vp9", width=256, height=320))
    bank = BankRecord(org=org, name="known", policy="VE.TERROR", vetted=True, priority=True)
    piece = platform.known_file("clip", BytesIO(clip.read_bytes()), bank=bank)
    platform.store.write(lambda uow: put_bank(uow, bank, platform.pack(org), by="test"))
    platform.store.write(lambda uow: add_to_bank(uow, org, "known", [piece], by="test"))

    known = platform.recognising.shelf.known(org)
    decision = community.posted(a_video(), clip)

    assert len(unpack_features(piece.hashes.features)) > 0
    assert known.looks_at_stills
    assert decision.judgement.policy == "VE.TERROR"
