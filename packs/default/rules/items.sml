# What an item shows and says.
Import(rules=['features.sml'])

# Known content. A bank is vetted once people have confirmed its entries; it may overrule a person.
MatchedPolicy = Fact('hash.match.policy')
MatchedBank = default(Fact('hash.match.bank'), 'Unknown')

VettedMatch = Rule(
    when_all=[Fact('hash.match.vetted'), MatchedPolicy != None],
    description=f'The media match the vetted bank {MatchedBank}',
)
WhenRules(
    rules_any=[VettedMatch],
    then=[ApplyPolicy(policy=MatchedPolicy, vetted_match=True, after_person=True)],
)

# What nobody has confirmed yet holds nothing; a person looks, and says whether the match is right.
# Child safety waits for that person: it is worse seen once than held for an hour by mistake.
UnvettedMatch = Rule(
    when_all=[
        not Fact('hash.match.vetted'),
        not Fact('hash.match.quarantined'),
        MatchedPolicy != None,
    ],
    description=f'The media match the bank {MatchedBank}, which nobody has vetted',
)
WhenRules(
    rules_any=[UnvettedMatch],
    then=[Review(policy=MatchedPolicy, reason='a match of a bank that nobody has vetted')],
)

UnvettedChildSafety = Rule(
    when_all=[UnvettedMatch, StringStartsWith(s=MatchedPolicy, start='CS.')],
    description=f'The media match the bank {MatchedBank} for child safety, which nobody has vetted',
)
WhenRules(
    rules_any=[UnvettedChildSafety],
    then=[Hold(policy=MatchedPolicy)],
)

# An entry that suddenly matched too much is in doubt until a person has released it.
QuarantinedMatch = Rule(
    when_all=[Fact('hash.match.quarantined'), MatchedPolicy != None],
    description=f'The media match a quarantined entry of the bank {MatchedBank}',
)
WhenRules(
    rules_any=[QuarantinedMatch],
    then=[
        Hold(policy=MatchedPolicy),
        Review(policy=MatchedPolicy, reason='a match of a quarantined entry'),
    ],
)

DecidedPolicy = Fact('hash.decided.policy')

NearCopyOfDecided = Rule(
    when_all=[DecidedPolicy != None],
    description=f'A near copy of content already restricted under {DecidedPolicy}',
)
WhenRules(
    rules_any=[NearCopyOfDecided],
    then=[ApplyPolicy(policy=DecidedPolicy, stage='on_confirm')],
)

# Known words and addresses. A copy to the letter is what people confirmed; a near one may say the
# opposite, so a person reads it first.
TextPolicy = Fact('text.match.policy')
TextMeans = Fact('text.match.means')
TextBank = default(Fact('text.match.bank'), 'Unknown')

KnownText = Rule(
    when_all=[Fact('text.match.vetted'), TextPolicy != None, TextMeans == 'exact'],
    description=f'A text of the vetted bank {TextBank}, word for word',
)
WhenRules(
    rules_any=[KnownText],
    then=[ApplyPolicy(policy=TextPolicy, vetted_match=True, after_person=True)],
)

NearCopyOfKnownText = Rule(
    when_all=[Fact('text.match.vetted'), TextPolicy != None, TextMeans in ['near', 'tlsh']],
    description=f'Nearly a text of the vetted bank {TextBank}',
)
WhenRules(
    rules_any=[NearCopyOfKnownText],
    then=[Hold(policy=TextPolicy), Review(policy=TextPolicy, reason='nearly a known text')],
)

UnvettedText = Rule(
    when_all=[not Fact('text.match.vetted'), TextPolicy != None],
    description=f'A text of the bank {TextBank}, which is not vetted or holds it in quarantine',
)
WhenRules(
    rules_any=[UnvettedText],
    then=[Review(policy=TextPolicy, reason='a known text that nobody has vetted')],
)

UrlPolicy = Fact('url.match.policy')
UrlBank = default(Fact('url.match.bank'), 'Unknown')

KnownUrl = Rule(
    when_all=[Fact('url.match.vetted'), UrlPolicy != None],
    description=f'An address of the vetted bank {UrlBank}',
)
WhenRules(
    rules_any=[KnownUrl],
    then=[ApplyPolicy(policy=UrlPolicy, vetted_match=True, after_person=True)],
)

UnvettedUrl = Rule(
    when_all=[not Fact('url.match.vetted'), UrlPolicy != None],
    description=f'An address of the bank {UrlBank}, which is not vetted or holds it in quarantine',
)
WhenRules(
    rules_any=[UnvettedUrl],
    then=[Review(policy=UrlPolicy, reason='a known address that nobody has vetted')],
)

# Nudity. One frame can be an accident of light; a fifth of the frames is not.
Nudity = Fact('visual.nsfw.max')

NudityAlmostCertain = Rule(
    when_all=[Nudity >= 0.90],
    description=f'Nudity score {Nudity} in at least one frame',
)
WhenRules(
    rules_any=[NudityAlmostCertain],
    then=[Limit(policy='AD.NUDE'), Review(policy='AD.NUDE', reason=f'nudity score {Nudity}')],
)

NudityThroughout = Rule(
    when_all=[Nudity >= 0.60, Nudity < 0.90, Fact('visual.nsfw.share_60') > 0.20],
    description=f'Nudity score of .60 or more in over a fifth of the frames, at most {Nudity}',
)
WhenRules(
    rules_any=[NudityThroughout],
    then=[Review(policy='AD.NUDE', reason=f'nudity score {Nudity}, over a fifth of the frames')],
)

# Words. The lexicon says which policy a term is about, and how grave that policy is.
TermPolicy = Fact('text.lexicon.policy')
TermSeverity = Fact('text.lexicon.severity')
_Mild = ['S0', 'S1']

TermInCaption = Rule(
    when_all=[TermPolicy != None, ItemKind != None, ItemKind != 'comment'],
    description=f'A term of the lexicon under {TermPolicy} in the words of the item',
)
WhenRules(
    rules_any=[TermInCaption],
    then=[ApplyPolicy(policy=TermPolicy, reason='a term of the lexicon')],
)

TermInComment = Rule(
    when_all=[TermPolicy != None, IsComment, TermSeverity != None, TermSeverity not in _Mild],
    description=f'A term of the lexicon under {TermPolicy} in a comment',
)
WhenRules(
    rules_any=[TermInComment],
    then=[Hold(policy=TermPolicy), Review(policy=TermPolicy, reason='a term of the lexicon')],
)

MildTermInComment = Rule(
    when_all=[TermPolicy != None, IsComment, TermSeverity in _Mild],
    description=f'A mild term of the lexicon under {TermPolicy} in a comment',
)
WhenRules(rules_any=[MildTermInComment], then=[Limit(policy=TermPolicy)])

# Media nobody can look at are shown to nobody until a person has: what is Unknown in them holds them,
# as each policy's on_unknown says, and this asks the person.
MediaUnreadable = Rule(
    when_all=[Fact('media.readable') == False],
    description='The media could not be decoded',
)
WhenRules(
    rules_any=[MediaUnreadable],
    then=[Review(queue='unjudged', reason='the media could not be decoded')],
)
