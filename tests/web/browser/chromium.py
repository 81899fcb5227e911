"""Debian's Chromium, driven as a person uses it: by what is written on the page."""

import base64
import contextlib
import os
import shutil

from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.ui import WebDriverWait
from selenium_axe_python import Axe

#: The programs, as Debian's packages ``chromium`` and ``chromium-driver`` name them.
PROGRAMS = ("chromium", "chromedriver")

SCHEMES = ("light", "dark")

_ARGUMENTS = (
    "--headless",
    # As root it starts in no other way.
    "--no-sandbox",
    # The shared memory of a container may be too small.
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--hide-scrollbars",
    # It asks nobody but who the tests have it ask.
    "--no-proxy-server",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-domain-reliability",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)

_AXE = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}

#: How long a page may take that is on its way, and how often to see whether it came, in seconds.
_PATIENCE, _GLANCE = 30, 0.02


def missing():
    """The programs that are needed and not there."""
    return [name for name in PROGRAMS if shutil.which(name) is None]


@contextlib.contextmanager
def started(home):
    """A `Chromium` that keeps its files below a directory."""
    options = ChromeOptions()
    browser, driver = map(shutil.which, PROGRAMS)
    options.binary_location = browser
    for argument in _ARGUMENTS:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = ChromeService(driver, env={**os.environ, "HOME": str(home), "TMPDIR": str(home)})
    with Chrome(options, service) as running:
        yield Chromium(running)


class Chromium:
    """What a person sees and does."""

    def __init__(self, driver):
        self._driver = driver

    def open(self, url):
        self._driver.get(url)

    @property
    def url(self):
        return self._driver.current_url

    @property
    def text(self):
        """What can be read on the page, in one line."""
        return " ".join(self._driver.find_element(By.TAG_NAME, "body").text.split())

    @property
    def cookies(self):
        return self._driver.get_cookies()

    @cookies.setter
    def cookies(self, cookies):
        for cookie in cookies:
            self._driver.add_cookie(cookie)

    def forget_cookies(self):
        self._driver.delete_all_cookies()

    # Doing

    def fill(self, label, text):
        """Write into the field with that label, or choose what begins so."""
        field = self._labelled(label)
        if field.tag_name != "select":
            field.clear()
        field.send_keys(text)

    def tick(self, label):
        self._labelled(label).click()

    def unfold(self, title):
        self._driver.find_element(By.XPATH, f"//summary[normalize-space()='{title}']").click()

    def unfold_all(self):
        self._driver.execute_script(
            "document.querySelectorAll('details').forEach(each => { each.open = true; })"
        )

    def press(self, name):
        """Press the button, and wait for the page that follows."""
        self._leave(self._driver.find_element(By.XPATH, f"//button[normalize-space()='{name}']"))

    def follow(self, text):
        """Follow the link, and wait for the page that it leads to."""
        self._leave(self._driver.find_element(By.LINK_TEXT, text))

    def tab(self):
        """Press the tabulator; what has the focus then, and whether that is to be seen."""
        self._driver.switch_to.active_element.send_keys(Keys.TAB)
        focused = self._driver.switch_to.active_element
        name = focused.text or focused.accessible_name or focused.tag_name
        return name, focused.value_of_css_property("outline-style") == "solid"

    def jump(self):
        """Press Enter on what has the focus, a link within the page."""
        self._driver.switch_to.active_element.send_keys(Keys.ENTER)

    def enter(self):
        """Press Enter on what has the focus, and wait for the page that follows."""
        self._leave(self._driver.switch_to.active_element, lambda it: it.send_keys(Keys.ENTER))

    def _labelled(self, label):
        label = self._driver.find_element(
            By.XPATH, f"//label[starts-with(normalize-space(), '{label}')]"
        )
        return label.find_element(By.CSS_SELECTOR, "input, select, textarea")

    def _leave(self, element, how=lambda element: element.click()):
        page = self._driver.find_element(By.TAG_NAME, "html")
        how(element)
        # While one page takes the place of the other there may be nothing to ask.
        wait = WebDriverWait(self._driver, _PATIENCE, _GLANCE, [WebDriverException])
        wait.until(staleness_of(page))

    # Looking

    def look(self, width, height, scheme="light"):
        """Make the window that large, and prefer a scheme of colours."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        self._driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)

    @property
    def overflow(self):
        """By how many pixels the page is wider than the window."""
        return self._driver.execute_script(
            "return document.documentElement.scrollWidth - window.innerWidth"
        )

    def violations(self):
        """What axe has to say against the page: the rule, and the elements."""
        axe = Axe(self._driver)
        if not self._driver.execute_script("return 'axe' in window"):
            axe.inject()
        return [
            f"{found['id']} ({found['help']}): {node['html']}"
            for found in axe.run(options=_AXE)["violations"]
            for node in found["nodes"]
        ]

    def complaints(self):
        """What was written to the console since that was asked for last."""
        return [entry["message"] for entry in self._driver.get_log("browser")]

    def picture(self, path):
        """Save how the page looks, all of it."""
        size = self._driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
        clip = {"x": 0, "y": 0, "scale": 1, **{side: size[side] for side in ("width", "height")}}
        asked = {"format": "png", "captureBeyondViewport": True, "clip": clip}
        answer = self._driver.execute_cdp_cmd("Page.captureScreenshot", asked)
        path.write_bytes(base64.b64decode(answer["data"]))
