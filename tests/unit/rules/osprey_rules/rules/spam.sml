Import(
  rules=[
    'models/base.sml',
    'models/post.sml',
  ]
)

# an account that has not settled in, posting links
NewAccountLinks = Rule(
  when_all=[
    PostCount != None and PostCount < 10,
    RegexMatch(target=PostText, pattern='bit\.ly|https?://', case_insensitive=True),
    OperationKind != 'delete',
  ],
  description=f'New account {UserId} posting links',
)

RepeatedWord = Rule(
  when_all=[
    RegexMatch(target=PostText, pattern=r'\b(\w+) \1 \1\b'),
    not HasLabel(entity=UserId, label='trusted'),
  ],
  description='The same word three times',
)

YoungAccount = Rule(
  when_all=[
    AccountAge < 2 * Hour or FirstTag in ['fresh', None],
    not NewAccountLinks,
  ],
  description='A young account that posts no links',
)

Trial = Experiment(
  entity=UserId,
  buckets=['control', 'treatment'],
  bucket_sizes=[50, 50],
  version=1,
  revision=1,
)

TriedLink = Rule(
  when_all=ExperimentWhen(
    experiment=Trial,
    control=[NewAccountLinks, WordCount > 100],
    treatment=[NewAccountLinks, WordCount > 50],
  ),
  description='A long post with links',
)

WhenRules(
  rules_any=[NewAccountLinks, RepeatedWord],
  then=[
    LabelAdd(entity=UserId, label='spammer', expires_after=TimeDelta(days=7), apply_if=NewAccountLinks),
    LabelAdd(entity=PostUri, label='link_post'),
    DeclareVerdict(verdict='reject'),
  ],
)

WhenRules(
  rules_any=[YoungAccount],
  then=[
    LabelRemove(entity=UserId, label='spammer'),
  ],
)
