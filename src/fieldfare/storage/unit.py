"""The unit of work on a database: every room's repository over one transaction."""

from fieldfare.kernel import Clock
from fieldfare.ledger.keys import Vault
from fieldfare.storage.access import SqlApiKeys, SqlOrganisations, SqlPeople, SqlSessions
from fieldfare.storage.agreement import SqlAgreement
from fieldfare.storage.backtests import SqlBacktests
from fieldfare.storage.bank_matches import SqlEntryHits, SqlFeedback, SqlUploads
from fieldfare.storage.bank_measures import SqlBankMeasures
from fieldfare.storage.banks import SqlBanks, SqlLists
from fieldfare.storage.brakes import SqlQuotas, SqlSnoozes, SqlUses
from fieldfare.storage.calls import SqlCallKeys, SqlReports
from fieldfare.storage.cases import SqlCases, SqlExposures, SqlQueueDepths
from fieldfare.storage.decisions import SqlDecisions, SqlVerdicts
from fieldfare.storage.engine import SqlCursors, SqlScans, SqlVersions
from fieldfare.storage.entries import SqlEntries, SqlEntryPages, SqlEntryTrail, SqlWordTrail
from fieldfare.storage.exchanges import SqlExchanges, SqlHeldRecords
from fieldfare.storage.items import SqlAccounts, SqlItems, SqlViews
from fieldfare.storage.labels import SqlLabels
from fieldfare.storage.lanes import Lane
from fieldfare.storage.ledger import SqlDataKeys, SqlLedgerRows, SqlSeals
from fieldfare.storage.log import SqlHistory, SqlLog
from fieldfare.storage.measures import SqlMeasures
from fieldfare.storage.outbox import SqlOutbox, SqlUnsentEffects, SqlWebhooks
from fieldfare.storage.overdue import SqlOverdue
from fieldfare.storage.projections import SqlProjections
from fieldfare.storage.retention import SqlSweeps
from fieldfare.storage.rule_hits import SqlRuleHits, SqlRuleMeasures
from fieldfare.storage.rule_versions import SqlRuleVersions
from fieldfare.storage.transaction import Transaction


class SqlUnit:
    """`engine.unit.UnitOfWork`; made once a connection and used for one transaction after another.

    lane: of the writer; None makes the log refuse to append.
    """

    def __init__(self, tx: Transaction, vault: Vault, clock: Clock, lane: Lane | None) -> None:
        self.data_keys = SqlDataKeys(tx, vault)
        self.log = SqlLog(tx, self.data_keys, vault, lane)
        self.recall = self.log
        self.history = SqlHistory(tx, self.log, clock)
        self.items = SqlItems(tx)
        self.accounts = SqlAccounts(tx)
        self.views = SqlViews(tx)
        self.reports = SqlReports(tx, vault)
        self.call_keys = SqlCallKeys(tx)
        self.decisions = SqlDecisions(tx, self.log, vault)
        self.verdicts = SqlVerdicts(tx, self.data_keys, vault)
        self.quotas = SqlQuotas(tx)
        self.uses = SqlUses(tx)
        self.snoozes = SqlSnoozes(tx)
        self.labels = SqlLabels(tx, self.data_keys, vault)
        self.cases = SqlCases(tx)
        self.queues = SqlQueueDepths(tx)
        self.exposures = SqlExposures(tx)
        self.webhooks = SqlWebhooks(tx, vault)
        self.outbox = SqlOutbox(tx)
        self.unsent = SqlUnsentEffects(tx)
        self._open_banks(tx, vault)
        self.versions = SqlVersions(tx)
        self.rule_hits = SqlRuleHits(tx)
        self.rule_measures = SqlRuleMeasures(tx)
        self.rule_versions = SqlRuleVersions(tx)
        self.backtests = SqlBacktests(tx)
        self.scans = SqlScans(tx)
        self.cursors = SqlCursors(tx)
        self.people = SqlPeople(tx)
        self.sessions = SqlSessions(tx)
        self.api_keys = SqlApiKeys(tx)
        self.organisations = SqlOrganisations(tx)
        self.ledger_rows = SqlLedgerRows(tx)
        self.seals = SqlSeals(tx)
        self.projections = SqlProjections(tx)
        self.agreement = SqlAgreement(tx, self.log)
        self.measures = SqlMeasures(tx)
        self.overdue = SqlOverdue(tx)
        self.sweeps = SqlSweeps(tx)

    def _open_banks(self, tx: Transaction, vault: Vault) -> None:
        self.banks = SqlBanks(tx)
        self.entries = SqlEntries(tx)
        self.entry_pages = SqlEntryPages(tx)
        self.entry_trail = SqlEntryTrail(tx)
        self.word_trail = SqlWordTrail(tx)
        self.entry_hits = SqlEntryHits(tx)
        self.bank_measures = SqlBankMeasures(tx)
        self.feedback = SqlFeedback(tx)
        self.uploads = SqlUploads(tx)
        self.exchanges = SqlExchanges(tx, vault)
        self.held_records = SqlHeldRecords(tx)
        self.lists = SqlLists(tx)
