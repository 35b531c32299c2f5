"""Parameters of a URL that say where a click came from and change nothing of the page.

Names that some sites use for what a page shows (`cid`, `source`, `id`) are not among them: two
pages taken for one would be a false match.
"""

from typing import Final

_NAMES: Final = frozenset(
    {
        "_branch_match_id", "_ga", "_gac", "_gl", "_hsenc", "_hsmi", "_ke", "_kx",
        "_openstat", "at_campaign", "at_medium", "ck_subscriber_id", "cmpid", "dclid",
        "ef_id", "epik", "et_rid", "fb_action_ids", "fb_action_types", "fb_ref", "fb_source",
        "fbclid", "feature_share", "gad", "gad_campaignid", "gad_source", "gbraid", "gclid",
        "gclsrc", "ggl_source", "gs_l", "guccounter", "guce_referrer", "guce_referrer_sig",
        "hsctatracking", "icid", "igsh", "igshid", "irclickid", "irgwc", "li_fat_id",
        "mc_cid", "mc_eid", "mibextid", "mkt_tok", "ml_subscriber", "ml_subscriber_hash",
        "msclkid", "ncid", "obclid", "oly_anon_id", "oly_enc_id", "piwik_campaign",
        "piwik_kwd", "pk_campaign", "pk_cid", "pk_kwd", "pk_source", "rb_clickid", "ref",
        "ref_src", "ref_url", "referer", "referrer", "refsrc", "s_cid", "s_kwcid", "sc_cid",
        "scid", "share_id", "si", "sms_ss", "soc_src", "soc_trk", "spm", "sr_share",
        "srsltid", "sscid", "trackingid", "trk", "trkcampaign", "ttclid", "twclid",
        "vero_conv", "vero_id", "wbraid", "wickedid", "xtor", "yclid", "ysclid", "zanpid",
    }
)  # fmt: skip
_BEGINNINGS: Final = ("utm_", "hsa_", "mtm_", "matomo_", "stm_", "vgo_", "oft_", "iesrc", "_bta_")


def is_tracking(name: str) -> bool:
    """Tell whether a parameter of this name only tracks, whatever its case."""
    lower = name.lower()
    return lower in _NAMES or lower.startswith(_BEGINNINGS)
