Import(
  rules=[
    'models/base.sml',
  ]
)

Require(
  rule='rules/spam.sml',
  require_if=IsOperation,
)
