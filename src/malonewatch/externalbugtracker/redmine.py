"""Redmine, and what came of it: ChiliProject, Easy Redmine.

Asked with the REST API, https://www.redmine.org/projects/redmine/wiki/Rest_api.  The dialect
``list`` gives many issues by their ids, which Redmine 3.3 and later look at, ``issue`` each by
itself.  A detail follows: ``told`` where each issue says whether its status is one of closed
issues, as Redmine 5.0 and later do; elsewhere the ids of those statuses, as in ``list+5+6``, or
``untold`` where the site does not list them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from zope.interface import implementer

from malonewatch.externalbugtracker.driver.ask import Ask, Instead, Judgement, Read
from malonewatch.externalbugtracker.driver.details import DetailedDialect
from malonewatch.externalbugtracker.driver.times import format_time, is_number, parse_time
from malonewatch.externalbugtracker.driver.tracker import ExternalBugTracker
from malonewatch.externalbugtracker.driver.urls import URLShape, by_https
from malonewatch.externalbugtracker.driver.vocabulary import Workflow, join
from malonewatch.externalbugtracker.driver.words import IMPORTANCES, RESOLUTIONS, STATUSES
from malonewatch.interfaces import RemoteVocabulary, Response, StatusReading
from malonewatch.interfaces.enumerations import BugTaskImportance, BugTaskStatus, Certainty
from malonewatch.interfaces.externalbugtracker import IBatches, IChangesSince, IDuplicates, ISweeps

STATUS_LIST = "/issue_statuses.json"
TOLD, ASKED, UNTOLD = "told", "asked", "untold"
# Redmine asks for a language when it is set up, and names its statuses and priorities in it.
CLOSED = (
    "مغلق, bağlanıb, затворена, zatvoren, tancat, uzavřený, lukket, erledigt, κλειστό, "
    "cerrada, suletud, itxita, بسته, suljettu, fermé, pechada, סגור, zatvoreno, lezárt, "
    "ditutup, chiuso, 終了, 완료, uždarytas, slēgts, хаагдсан, gesloten, zamknięty, fechada, "
    "fechado, închis, закрыта, uzavretá, zaključen, e mbyllur, затворено, stängd, "
    "மூடப்பட்டது, จบ, kapatıldı, зачинено, đã đóng, 已結束, 已关闭"
)
OPEN = {
    BugTaskStatus.NEW: (
        "open, workable, جديد, yeni, нова, novi, nou, nový, ny, neu, νέα, nueva, avatud, berria, "
        "جدید, uusi, nouveau, nova, חדש, novo, új, baru, nuovo, 新規, 신규, naujas, jauns, шинэ, "
        "nieuw, nowy, новая, nová, nov, e re, ново, புதியது, เกิดขึ้น, новий, mới, 新建立, 新建"
    ),
    BugTaskStatus.CONFIRMED: (
        "assigned, blocked, reopened, pending upstream, third partys issue, forwarded upstream"
    ),
    BugTaskStatus.INPROGRESS: (
        "investigating, stalled, under review, fix under review, need review, "
        "pull request review, needs patch, waiting on merge, جاري التحميل, İşlənməkdədir, "
        "изпълнение, u toku, en progrés, ve vývoji, igangværende, in bearbeitung, en curso, töös, "
        "lanean, در حال انجام, en cours, בעבודה, folyamatban, dalam proses, in elaborazione, "
        "進行中, 진행, vykdomas, attīstībā, во прогрес, ахицтай, in uitvoering, pågår, w toku, "
        "em andamento, em curso, в работе, rozpracovaná, v teku, në ecuri, у току, "
        "முன்னேற்றத்தில் உள்ளது, yapılıyor, в процесі, đang tiến hành, 實作中, 进行中"
    ),
    BugTaskStatus.INCOMPLETE: (
        "التغذية الراجعة, əks əlaqə, обратна връзка, mišljenje, comentaris, čeká se, σχόλια, "
        "comentarios, tagasiside, berrelikadura, بازخورد, palaute, commentaire, משוב, "
        "povratna informacija, visszajelzés, umpan balik, commenti, フィードバック, 의견, "
        "grįžtamasis ryšys, atsauksmes, terugkoppeling, tilbakemelding, odpowiedź, "
        "așteaptă reacții, нужен отклик, čaká na odsúhlasenie, përshtypje, повратна информација, "
        "återkoppling, கருத்தளிப்பு, รอคำตอบ, geribildirim, зворотний зв'язок, phản hồi, 已回應, "
        "反馈"
    ),
    # It remains to be closed, but where a site has it otherwise.
    BugTaskStatus.FIXCOMMITTED: (
        "resolved, fixed, verified, pending backport, merged pending release, الحل, həll edilib, "
        "приключена, riješen, resolt, vyřešený, løst, gelöst, επιλυμένο, resuelta, lahendatud, "
        "ebatzita, حل‌شده, hyväksytty, résolu, resolta, נפתר, riješeno, megoldva, risolto, 解決, "
        "해결, išspręstas, atrisināts, разрешена, шийдвэрлэгдсэн, opgelost, avklart, rozwiązany, "
        "resolvida, resolvido, rezolvat, решена, vyriešená, rešen, e zgjidhur, rešeno, решено, "
        "löst, தீர்க்கப்பட்டது, ดำเนินการ, çözüldü, вирішено, đã được giải quyết, 已解決, 已解决"
    ),
    BugTaskStatus.WONTFIX: (
        "wont fix eol, مرفوض, rədd etmə, отхвърлена, odbijen, rebutjat, odmítnutý, afvist, "
        "abgewiesen, απορριπτέο, rechazada, tagasi lükatud, baztertua, ردشده, hylätty, rejeté, "
        "rexeitada, נדחה, odbaceno, elutasított, ditolak, rifiutato, 却下, 거절, atmestas, "
        "noraidīts, одбиена, хүлээж аваагүй, afgewezen, avvist, odrzucony, rejeitada, rejeitado, "
        "respins, отклонена, odmietnutá, zavrnjen, e hedhur tej, odbijeno, одбијено, avslagen, "
        "நிராகரிக்கப்பட்டது, ยกเลิก, reddedildi, відмовлено, từ chối, 已拒絕, 已拒绝"
    ),
}
PRIORITIES = {
    BugTaskImportance.CRITICAL: (
        "طارئ الآن, təxirsiz, веднага, odmah, immediata, okamžitá, omgående, sofort, άμεση, "
        "inmediata, kohe vaja, berehalakoa, بی‌درنگ, valitön, immédiat, מידית, azonnal, segera, "
        "今すぐ, 즉시, neatidėliotinas, tūlītēja, веднаш, нэн даруй, onmiddellijk, "
        "natychmiastowy, imediata, imediată, немедленный, takojšnje ukrepanje, imediate, "
        "neposredno, непосредно, omedelbar, உடனடியாக, ด่วนมาก, derhal, негайний, 急, 立刻, طارئ, "
        "təcili, спешен, hitno, urgentní, akut, dringend, επείγον, urgente, täna vaja, larria, "
        "فوری, kiireellinen, urxente, דחופה, hitan, sürgős, penting, 急いで, 긴급, skubus, "
        "steidzama, итно, нэн яаралтай, haster, pilny, urgentă, срочный, urgentná, urgentna, "
        "urgjente, хитно, brådskande, அவசரம், เร่งด่วน, acil, терміновий, khẩn cấp, 速, 紧急"
    ),
    BugTaskImportance.HIGH: (
        "عالي, yüksək, висок, visok, alta, vysoká, høj, hoch, υψηλή, pakiline, altua, زیاد, "
        "korkea, haut, גבוהה, magas, tinggi, 高め, 높음, aukštas, augsta, өндөр, hoog, høy, "
        "wysoki, mare, высокий, visoka, e lartë, hög, உயர், สูง, yüksek, високий, cao, 高"
    ),
    BugTaskImportance.MEDIUM: (
        "عادي, нормален, normalan, normální, κανονική, tavaline, normala, معمولی, normaali, "
        "רגילה, redovan, normál, normale, 通常, 보통, normalus, normāla, хэвийн, normaal, "
        "normalny, normală, нормальный, normálna, običajna, нормалан, இயல்பானது, ปกติ, "
        "нормальний, bình thường, 正常, 普通"
    ),
    BugTaskImportance.LOW: (
        "قليل, aşağı, нисък, nizak, baixa, nízká, lav, niedrig, χαμηλή, baja, aega on, baxua, کم, "
        "matala, bas, נמוכה, alacsony, rendah, bassa, 低め, 낮음, žemas, zema, низок, бага, laag, "
        "niski, mică, низкий, nizka, e ulët, низак, låg, குறைந்த, ต่ำ, düşük, низький, thấp, 低"
    ),
}


class _Issues(DetailedDialect):
    """What is known of the statuses of closed issues are the details."""

    bytes_per_bug = 32 * 1024
    first_details = (TOLD,)
    known_details = frozenset({TOLD, ASKED, UNTOLD})
    # Old ones tell log-in names to none but administrators.
    asks_who = ("/users/current.json", "login", "id")

    @classmethod
    def is_detail(cls, detail: str) -> bool:
        return is_number(detail) or super().is_detail(detail)

    def ask_one(self, remotebug: str) -> Ask:
        if self.details == (ASKED,):
            return Ask(STATUS_LIST, (), (remotebug,))
        query = (("include", "relations"),)
        return Ask(f"/issues/{remotebug}.json", query, (remotebug,), alone=True)

    def ask_identity(self) -> Ask:
        return Ask("/issues.json", (("limit", "1"),))

    def identity(self, answer: Any) -> str | None:
        return "Redmine" if {"issues", "limit"} <= answer.keys() else None

    def whoami(self, answer: Any) -> str | None:
        return super().whoami(answer["user"])

    def ask_vocabulary(self) -> Iterable[Ask]:
        return Ask(STATUS_LIST), Ask("/enumerations/issue_priorities.json")

    def vocabulary(self, answers: Sequence[Any]) -> RemoteVocabulary:
        statuses, priorities = answers
        return RemoteVocabulary(
            {status["name"]: status.get("is_closed") for status in statuses_in(statuses)},
            tuple(priority["name"] for priority in priorities["issue_priorities"]),
        )

    def judge(self, ask: Ask, response: Response, answer: Any) -> Judgement:
        if ask.path == STATUS_LIST and ask.ids:
            statuses = statuses_in(answer) if response.status == 200 else ()
            closed = [str(status["id"]) for status in statuses if status.get("is_closed")]
            return self.but(*(closed or [UNTOLD]))
        found = super().judge(ask, response, answer)
        if found is None and ask.ids and self.details == (TOLD,):
            untold = ("is_closed" not in record["status"] for record in self.records(answer))
            return self.but(ASKED) if any(untold) else None
        return found

    def records(self, answer: Any) -> Iterable[Any]:
        return answer["issues"] if "issues" in answer else [answer["issue"]]

    def read(self, record: Mapping[str, Any]) -> Read:
        status = record["status"]
        closed: bool | None = status.get("is_closed")
        if closed is None and is_number(self.details[0]):
            closed = str(status["id"]) in self.details
        elif closed is None and record.get("closed_on", "") is None:
            # Once it was closed, it stays there when an issue is opened again.
            closed = False
        resolution = resolution_of(record)
        return Read(
            join(status["name"].strip(), resolution),
            record["subject"],
            (record.get("priority") or {}).get("name", ""),
            resolution,
            time_of(record["updated_on"]),
            closed,
            next(originals(record), None),
            private=record.get("is_private") is True,
            date_closed=None if closed is False else time_of(record.get("closed_on")),
            # Of an open issue it is but a plan.
            fixed_in=(record.get("fixed_version") or {}).get("name", "") if closed else "",
        )


class Issue(_Issues):
    """Each issue by itself."""

    dialect_name = "issue"
    # A list shows that ids are not looked at.
    only_if_told = True


class List(_Issues):
    """Many issues in one list."""

    dialect_name = "list"
    # No more are in one answer.
    page_size = 100

    def one_by_one(self) -> Issue:
        return Issue(self.tracker, *self.details)

    def ask_many(self, ids: Sequence[str], since: datetime | None) -> Iterator[Ask]:
        if self.details == (ASKED,):
            yield self.ask_one(ids[0])
            return
        query = (
            ("issue_id", ",".join(ids)),
            # Else those that are closed are left out.
            ("status_id", "*"),
            *(() if since is None else (("updated_on", f">={format_time(since)}"),)),
            *(("sort", "id"), ("include", "relations"), ("limit", "100"), ("offset", "0")),
        )
        yield Ask("/issues.json", query, tuple(ids), since=since)

    def ask_changed(self, since: datetime, page: int) -> Ask:
        (ask,) = self.ask_many(["0"], since)
        return Ask(ask.path, (*ask.query[1:-1], ("offset", str(page * self.swept_at_once))))

    def judge(self, ask: Ask, response: Response, answer: Any) -> Judgement:
        found = super().judge(ask, response, answer)
        if found is None and ask.ids and not ask.alone:
            listed = {str(record["id"]) for record in self.records(answer)}
            return Instead(self.one_by_one().full_name) if listed.difference(ask.ids) else None
        return found

    def next_page(self, ask: Ask, response: Response, answer: Any) -> Ask | None:
        end = answer.get("offset", 0) + len(answer["issues"])
        if end >= answer.get("total_count", 0) or not answer["issues"]:
            return None
        return Ask(ask.path, (*ask.query[:-1], ("offset", str(end))), ask.ids, since=ask.since)


@implementer(IBatches, IChangesSince, IDuplicates, ISweeps)
class Redmine(ExternalBugTracker):
    """A Redmine; https://www.redmine.org/."""

    title = "Redmine"
    request_size = 500
    protocols = (List, Issue)
    hosts = {
        **by_https("www.redmine.org", "bugs.ruby-lang.org", "projects.theforeman.org"),
        **by_https("tracker.ceph.com", "www.illumos.org", "forge.typo3.org", "labs.parabola.nu"),
        **by_https("progress.opensuse.org", "projects.osmocom.org", "redmine.pfsense.org"),
        **by_https("redmine.lighttpd.net", "redmine.openinfosecfoundation.org"),
        "redmine.org": "https://www.redmine.org",
    }
    signatures = {"X-Redmine-Signature-256": "sha256="}
    named_in = ("data.issue.id", "payload.issue.id")
    urls = tuple(
        URLShape(path, certainty=Certainty.GUESS, form=r"json|xml|pdf|atom")
        for path in ("/issues/{id}", "/issues/{id}.{form}", "/issues/show/{id}")
    )
    highest_id = 2**31 - 1
    token_header = "X-Redmine-API-Key"
    multi_product = True
    file_link = tuple(
        f"{project}/issues/new?issue%5Bsubject%5D={{summary}}"
        "&issue%5Bdescription%5D={description}"
        for project in ("/projects/{product}", "")
    )
    search_link = (
        "/projects/{product}/search?issues=1&q={summary}",
        "/search?issues=1&q={summary}",
    )
    statuses = Workflow(
        (OPEN, STATUSES, RESOLUTIONS),
        {BugTaskStatus.FIXRELEASED: f"closed, force closed, {CLOSED}"},
        RESOLUTIONS,
    )
    importances = IMPORTANCES.plus(PRIORITIES)

    def reading(self, remotestatus: str, resolution: str, closed: bool | None) -> StatusReading:
        if closed:
            return self.statuses.read_over(remotestatus, resolution)
        return super().reading(remotestatus, resolution, closed)


def statuses_in(answer: Any) -> Sequence[Any]:
    """The statuses in a list of them."""
    found: Sequence[Any] = answer["issue_statuses" if "issue_statuses" in answer else "statuses"]
    return found


def resolution_of(record: Mapping[str, Any]) -> str:
    """The field that some sites have made for that, as redmine.org did; "" if there is none."""
    for field in record.get("custom_fields") or ():
        if field["name"].strip().lower() == "resolution" and isinstance(field.get("value"), str):
            return str(field["value"]).strip()
    return ""


def originals(record: Mapping[str, Any]) -> Iterator[str]:
    """The ids of the issues that an issue duplicates."""
    for relation in record.get("relations") or ():
        ends = str(relation["issue_id"]), str(relation["issue_to_id"])
        kind = relation["relation_type"]
        duplicate, original = ends if kind == "duplicates" else ends[::-1]
        if kind in ("duplicates", "duplicated") and duplicate == str(record["id"]):
            yield original


def time_of(text: str | None) -> datetime | None:
    """A time; Redmine before 1.3 wrote ``2011/01/24 13:59:25 -0800``."""
    if text is None or "T" in text:
        return parse_time(text or "")
    date, _, rest = text.replace("/", "-").partition(" ")
    return parse_time(f"{date}T{rest.replace(' ', '')}" if rest else date)
