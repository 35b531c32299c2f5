"""All films of a plan, rendered ahead."""

from fieldfare.simulator.community import FilmPlan
from fieldfare.simulator.edits import Edit
from fieldfare.simulator.films import films_of
from fieldfare.simulator.planning import plan
from fieldfare.simulator.rendering import decode
from fieldfare.simulator.wording import Wording

COMMUNITY = plan(7, 2, Wording({"HB.LOW": ("zorblat",)}))


def test_every_film_of_the_plan_is_there_whatever_renders_it() -> None:
    here, elsewhere = films_of(COMMUNITY), films_of(COMMUNITY, processes=2)

    wanted = {FilmPlan(scene=clip.scene) for clip in COMMUNITY.known}
    wanted |= {posting.film for posting in COMMUNITY.postings if posting.film}
    assert len(here) == len(wanted)
    assert all(here.bytes_of(film) == elsewhere.bytes_of(film) for film in wanted)


def test_the_first_repost_is_the_very_bytes_of_a_known_clip() -> None:
    films = films_of(COMMUNITY)
    (repost,) = [p for p in COMMUNITY.postings if p.how.startswith("repost")]

    assert repost.film is not None
    assert repost.film.edit is Edit.SAME
    content = films.bytes_of(repost.film)
    assert content in {films.bytes_of(FilmPlan(scene=clip.scene)) for clip in COMMUNITY.known}
    assert len(decode(content).frames) == 36
