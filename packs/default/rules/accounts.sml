# What accounts do, one event at a time and together.
Import(rules=['features.sml'])

# The same words from ten accounts. Short ones ("so true") are said by many who never met.
CommentText = Fact('text.normalised')
_IsSaidAtLength = StringLength(s=CommentText) >= 12
_Accounts = CountDistinct(
    of=Author,
    key=[HashSha256(input=CommentText)],
    window='10m',
    where=IsComment and _IsSaidAtLength,
)

CommentBurst = Rule(
    when_all=[
        IsComment,
        _IsSaidAtLength,
        _Accounts >= 10,
        not HasLabel(entity=Author, label='trusted'),
    ],
    description=f'The same comment by {_Accounts} accounts within ten minutes',
)
WhenRules(rules_any=[CommentBurst], then=[Limit(policy='IN.SPAM')])

# A new account in a hurry.
_Comments = Count(key=[Author], window='5m', where=IsComment)

NewAccountInAHurry = Rule(
    when_all=[IsComment, Fact('author.age_s') < 3600, _Comments >= 20],
    description=f'An account under an hour old wrote {_Comments} comments in five minutes',
)
WhenRules(
    rules_any=[NewAccountInAHurry],
    then=[
        FeatureBlock(account=Author, feature='comments', for_='24h', policy='IN.SPAM'),
        LabelAdd(entity=Author, label='hasty', expires_after=TimeDelta(days=7)),
    ],
)
