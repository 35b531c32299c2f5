# What people report. A report alone takes nothing down, save for a life or a child.
Import(rules=['features.sml'])

Reporter: Entity[str] = EntityJson(type='Account', path='$.actor')
ReportClass = default(Fact('report.class'), 'Unknown')
_Reporters = CountDistinct(of=Reporter, key=[ItemKind, ItemId], window='30d')

# While nobody has told how often it was seen, it counts as hardly seen.
ReportedByThree = Rule(
    when_all=[_Reporters >= 3, default(Fact('item.views'), 0) <= 1000],
    description=f'Reported by {_Reporters} people, the last one for {ReportClass}',
)
WhenRules(
    rules_any=[ReportedByThree],
    then=[Review(policy='HB.BULLY', reason=f'{_Reporters} reports, the last for {ReportClass}')],
)

ReportOfChildSafety = Rule(
    when_all=[ReportClass == 'child_safety'],
    description='Reported for the safety of a child',
)
WhenRules(
    rules_any=[ReportOfChildSafety],
    then=[
        Hold(policy='CS.CSAM'),
        Review(policy='CS.CSAM', reason='reported for the safety of a child', lane=0),
    ],
)

ReportOfImminentHarm = Rule(
    when_all=[ReportClass == 'imminent_harm'],
    description='Reported for imminent harm',
)
WhenRules(
    rules_any=[ReportOfImminentHarm],
    then=[
        Hold(policy='VC.THREAT'),
        Review(policy='VC.THREAT', reason='reported for imminent harm', lane=0),
    ],
)
