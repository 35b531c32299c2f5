Import(
  rules=[
    'models/base.sml',
  ]
)

Require(rule='rules/index.sml')
Require(rule=f'actions/{ActionName}.sml')
