Import(
  rules=[
    'models/base.sml',
    'models/post.sml',
  ]
)

EmptyPost = Rule(
  when_all=[
    StringLength(s=PostText) == 0,
    WordCount / 0 == 0,
  ],
  description='A post without words',
)

WhenRules(
  rules_any=[EmptyPost],
  then=[
    DeclareVerdict(verdict='ask'),
  ],
)
