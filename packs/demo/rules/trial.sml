# What a rule author of the demo tries in the shadow: copied comments and floods, stopped sooner.
Import(rules=['features.sml'])

TrialText = Fact('text.normalised')
_IsSaidAtLength = StringLength(s=TrialText) >= 12
_Speakers = CountDistinct(
    of=Author,
    key=[HashSha256(input=TrialText)],
    window='10m',
    where=IsComment and _IsSaidAtLength,
)

FiveSaidTheSame = Rule(
    when_all=[IsComment, _IsSaidAtLength, _Speakers >= 5],
    description=f'The same comment by {_Speakers} accounts within ten minutes',
)

_Written = Count(key=[Author], window='5m', where=IsComment)

NewAccountTalksALot = Rule(
    when_all=[IsComment, Fact('author.age_s') < 3600, _Written >= 8],
    description=f'An account under an hour old wrote {_Written} comments in five minutes',
)
WhenRules(
    rules_any=[FiveSaidTheSame, NewAccountTalksALot],
    then=[Limit(policy='IN.SPAM')],
)
