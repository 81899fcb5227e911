from tests.web.conftest import text_of


def test_the_bugs_are_listed(browser, watched):
    page = browser.get("/bugs")
    assert "1 Ours <script>" in text_of(page)
    assert "Watches" in text_of(page.click(href="/bugs/1$"))


def test_there_are_none(browser):
    assert "There are no bugs yet." in text_of(browser.get("/bugs"))
    assert "There are no bugs from there on." in text_of(browser.get("/bugs?from=7"))


def test_there_are_fifty_to_a_page(browser, watched, monkeypatch):
    monkeypatch.setattr("malonewatch.web.views.bugs._PAGE", 1)
    page = browser.get("/bugs").click("Next")
    assert "2 Ours" in text_of(page)
    assert "1 Ours" not in text_of(page)


def test_a_page_begins_at_a_number(browser):
    assert "'x' is not a whole number" in text_of(browser.get("/bugs?from=x", status=400))


def test_a_bug_is_shown_with_its_watches(browser, watched):
    text = text_of(browser.get("/bugs/2"))
    assert "Bug 2: Ours" in text
    assert "1 open, 0 closed, 0 failing of 1" in text
    assert "#2 Second" in text
    assert "#1" not in text


def test_what_is_not_there_is_not_found(browser):
    browser.get("/bugs/7", status=404)


def test_a_bug_is_forgotten_after_a_question(browser, watched):
    page = browser.get("/bugs/2").click("Forget this bug")
    assert "Bug 2 is forgotten, with its 1 watch and the history of these." in text_of(page)
    page = page.forms[1].submit(status=303).follow()
    assert "Bug 2 is forgotten." in text_of(page)
    browser.get("/bugs/2", status=404)
    browser.get("/watches/2", status=404)


def test_the_watches_of_a_bug_do_not_say_of_which_bug_they_are(browser, watched):
    columns = [each.text for each in browser.get("/watches").html.select("th")]
    assert "For bug" in columns
    columns = [each.text for each in browser.get("/bugs/1").html.select("th")]
    assert columns == ["Remote bug", "Status", "Changed", "Checked", "Error"]
