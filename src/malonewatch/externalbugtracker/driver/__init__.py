"""What all types of external bug tracker have in common, and are made of."""

from malonewatch.externalbugtracker.driver import soap, xmlrpc
from malonewatch.externalbugtracker.driver.ask import (
    Ask,
    Finding,
    Form,
    Instead,
    Judgement,
    Read,
    Situation,
)
from malonewatch.externalbugtracker.driver.details import DetailedDialect
from malonewatch.externalbugtracker.driver.dialect import Dialect
from malonewatch.externalbugtracker.driver.forge import (
    ByPlace,
    Forge,
    OneByOne,
    by_place,
    join_id,
    split_id,
)
from malonewatch.externalbugtracker.driver.graphql import GraphQLDialect
from malonewatch.externalbugtracker.driver.labels import (
    ISSUE_STATUSES,
    OPEN_LABELS,
    issue_workflow,
    status_of,
    weight_of,
)
from malonewatch.externalbugtracker.driver.pages import PageDialect
from malonewatch.externalbugtracker.driver.reading import Table, text_of
from malonewatch.externalbugtracker.driver.times import (
    format_time,
    from_epoch,
    is_number,
    parse_time,
)
from malonewatch.externalbugtracker.driver.tracker import ExternalBugTracker
from malonewatch.externalbugtracker.driver.urls import (
    URLShape,
    add_to_form,
    ask_form,
    build_url,
    by_https,
    encode,
    query_of,
)
from malonewatch.externalbugtracker.driver.vocabulary import (
    Vocabulary,
    Workflow,
    by_table,
    fold,
    invert,
    join,
    joined,
)
from malonewatch.externalbugtracker.driver.words import (
    FORMER_STATES,
    IMPORTANCES,
    RESOLUTIONS,
    RESOLUTIONS_BY_STATE,
    STATUSES,
    by_state,
    former_workflow,
    importances_with,
    in_state,
)
from malonewatch.interfaces import RemoteVocabulary, StatusReading, TableRow

__all__ = [
    "FORMER_STATES",
    "IMPORTANCES",
    "ISSUE_STATUSES",
    "OPEN_LABELS",
    "RESOLUTIONS",
    "RESOLUTIONS_BY_STATE",
    "STATUSES",
    "Ask",
    "ByPlace",
    "DetailedDialect",
    "Dialect",
    "ExternalBugTracker",
    "Finding",
    "Forge",
    "Form",
    "GraphQLDialect",
    "Instead",
    "Judgement",
    "OneByOne",
    "PageDialect",
    "Read",
    "RemoteVocabulary",
    "Situation",
    "StatusReading",
    "Table",
    "TableRow",
    "URLShape",
    "Vocabulary",
    "Workflow",
    "add_to_form",
    "ask_form",
    "build_url",
    "by_https",
    "by_place",
    "by_state",
    "by_table",
    "encode",
    "fold",
    "format_time",
    "former_workflow",
    "from_epoch",
    "importances_with",
    "in_state",
    "invert",
    "is_number",
    "issue_workflow",
    "join",
    "join_id",
    "joined",
    "parse_time",
    "query_of",
    "soap",
    "split_id",
    "status_of",
    "text_of",
    "weight_of",
    "xmlrpc",
]
