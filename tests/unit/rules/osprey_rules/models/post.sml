Import(
  rules=[
    'models/base.sml',
  ]
)

PostId: Entity[int] = EntityJson(type='PostId', path='$.post.id')

PostText: str = JsonData(
  path='$.post.text',
  coerce_type=True,
)

FirstTag: Optional[str] = JsonData(path='$.post.tags[*].name', required=False)
PostCount: Optional[int] = JsonData(path="$.user['post count']", required=False)
AccountAge: int = JsonData(path='$.user.age_seconds')

_Cleaned = StringClean(s=PostText, lower=True)
PostWords = StringSplit(s=_Cleaned, sep=' ')
WordCount = ListLength(list=PostWords)
UserIdText: str = ResolveOptional(optional_value=UserId)
PostUri: Entity[str] = Entity(type='PostUri', id=f'at://{UserIdText}/{WordCount}')
