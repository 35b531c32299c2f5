# The default rules. Language: docs/reference/rules.md. Check: fieldfare rules check FOLDER.
# Each file below is taken in for the event kinds it is about.
ActionName = GetActionName()

Require(
    rule='items.sml',
    require_if=ActionName in ['item.posted', 'item.changed', 'item.scanned'],
)
Require(rule='accounts.sml', require_if=ActionName == 'item.posted')
Require(rule='reports.sml', require_if=ActionName == 'report.filed')
