"""People with a browser: headless Chromium, driven through its DevTools."""

import atexit
import contextlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SkipTest

from tests.e2e.cable import Cable
from tests.e2e.running import HOST, PASSWORD, Program, ServerCase, need, wait_until

# How axe-core is found; .ci/run installs it.
AXE = "CHATD_TEST_AXE"

DESKTOP = (1280, 800)
PHONE = (390, 844)

# Starting one takes a second: windows are used again, by tests that follow.
_free: list["Window"] = []


class Window:
    """
    One browser with one page, and nothing kept from before.

    @ivar driver: Of selenium.
    """

    def __init__(self) -> None:
        try:
            from selenium import webdriver
        except ImportError:
            raise SkipTest("selenium is not installed") from None
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium") or ""
        for word in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
            options.add_argument(word)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        service = webdriver.ChromeService(shutil.which("chromedriver"))
        self.driver = webdriver.Chrome(options=options, service=service)
        self.driver.set_page_load_timeout(20)
        atexit.register(self.driver.quit)

    def cdp(self, command: str, **parameters: Any) -> Any:
        """Ask the browser itself for something."""
        return self.driver.execute_cdp_cmd(command, parameters)

    def look(self, size: tuple[int, int] = DESKTOP, *, dark: bool = False) -> None:
        """Have a screen of this size, and a system set to light or dark."""
        self.cdp(
            "Emulation.setDeviceMetricsOverride",
            width=size[0],
            height=size[1],
            deviceScaleFactor=1,
            mobile=size == PHONE,
        )
        scheme = "dark" if dark else "light"
        motion = {"name": "prefers-reduced-motion", "value": "reduce"}
        self.cdp(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": scheme}, motion],
        )

    def go(self, address: str) -> None:
        """Open a page."""
        self.driver.get(address)

    def js(self, script: str, *given: Any) -> Any:
        """Run JavaScript, as the body of a function."""
        return self.driver.execute_script(script, *given)

    # What is there

    def find(self, selector: str) -> Any:
        """An element that is shown, as soon as there is one."""
        found: list[Any] = []

        def look() -> bool:
            script = (
                "return [...document.querySelectorAll(arguments[0])]"
                ".find(e => e.checkVisibility({visibilityProperty: true})) ?? null"
            )
            found[:] = [self.js(script, selector)]
            return found[0] is not None

        self.wait(look, f"there is no {selector}")
        return found[0]

    def text(self, selector: str) -> str:
        """What can be read there now; nothing if it is not there."""
        script = (
            "return [...document.querySelectorAll(arguments[0])]"
            ".filter(e => e.checkVisibility()).map(e => e.innerText).join('\\n')"
        )
        return str(self.js(script, selector))

    def expect(self, text: str, selector: str = "#log") -> None:
        """Wait until a text can be read somewhere."""
        self.wait(lambda: text in self.text(selector), f"{text!r} is not in {selector}")

    def gone(self, text: str, selector: str = "#log") -> None:
        """Wait until it cannot be read there any more."""
        self.wait(lambda: text not in self.text(selector), f"{text!r} is still there")

    def wait(self, what: Any, why: str) -> None:
        """Wait for something to become true; the page's words help if it does not."""
        from selenium.common.exceptions import StaleElementReferenceException

        def is_so() -> bool:
            with contextlib.suppress(StaleElementReferenceException):
                return bool(what())
            return False

        wait_until(
            is_so,
            lambda: f"{why}:\n{self.text('body')}\n{self.complaints()}",
            pause=0.04,
        )

    def messages(self) -> list[str]:
        """What was said, as it stands in the log."""
        script = (
            "return [...document.querySelectorAll('#log .text')].map(e => e.innerText)"
        )
        return [str(text) for text in self.js(script)]

    def complaints(self) -> list[str]:
        """What the browser wrote to its console."""
        log = self.driver.get_log("browser")
        return [line["message"] for line in log if line["level"] == "SEVERE"]

    # What people do

    def click(self, selector: str) -> None:
        """Click on something."""
        self.find(selector).click()

    def press(self, *keys: str, selector: str = "") -> None:
        """Press keys, where the focus is or in an element."""
        place = (
            self.find(selector) if selector else self.driver.switch_to.active_element
        )
        place.send_keys(*keys)

    def say(self, text: str) -> None:
        """Write a message, or a command."""
        self.press(text, "\n", selector="#text:not(:disabled)")

    def fill(self, selector: str, text: str) -> None:
        """Write into a field."""
        field = self.find(selector)
        field.clear()
        field.send_keys(text)

    def enter(self, name: str, way: str = "guest", password: str = PASSWORD) -> None:
        """Come in."""
        self.js("document.querySelector(`[value=${arguments[0]}]`).click()", way)
        self.fill("#name", name)
        if way != "guest":
            self.fill("#password", password)
        self.click("#come:enabled")
        self.come_in()

    def come_in(self) -> None:
        """Wait until one can write."""
        self.find("#text:enabled")
        self.wait(lambda: not self.js(_LOADING), "the history is not loaded")

    def close(self) -> None:
        """Forget all, for the next test."""
        self.slow()  # no more
        self.go("about:blank")
        self.driver.get_log("browser")
        _free.append(self)

    def slow(
        self,
        *,
        cpu: int = 1,
        latency: int = 0,
        up: float = -1,
        down: float = -1,
    ) -> None:
        """
        Be on a slow machine and line.

        @param cpu: How many times slower it is.
        @param latency: Milliseconds; C{up} and C{down}: bytes a second.
        """
        self.cdp("Network.enable")
        self.cdp(
            "Network.emulateNetworkConditions",
            offline=False,
            latency=latency,
            downloadThroughput=down,
            uploadThroughput=up,
        )
        self.cdp("Emulation.setCPUThrottlingRate", rate=cpu)

    def harm(self, *rules: str) -> list[str]:
        """
        Serious problems that axe-core finds for those who see or hear badly.

        @param rules: Those alone: all take ten times as long as one.
        """
        self.js(f"if (!self.axe) {{ {_axe()} }}")
        found = self.driver.execute_async_script(
            "const [rules, done] = arguments;"
            "const runOnly = rules.length ? {runOnly: rules} : {};"
            "axe.run({resultTypes: ['violations'], ...runOnly}).then(done)",
            rules,
        )
        return [
            f"{one['id']} ({one['impact']}): {one['help']}: {node['html'][:200]} "
            f"{node['failureSummary']}"
            for one in found["violations"]
            if one["impact"] in ("serious", "critical")
            for node in one["nodes"]
        ]


_LOADING = "return !!document.querySelector('#log .loading')"


def _axe() -> str:
    path = os.environ.get(AXE, "")
    if not path:
        raise SkipTest(f"there is no axe-core: {AXE} must be the path of axe.min.js")
    return Path(path).read_text(encoding="utf-8")


class PageCase(ServerCase):
    """Somebody opens the page of a real server."""

    def setUp(self) -> None:
        need("chromium", "chromedriver")
        super().setUp()

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://{HOST}:{self.port}/"

    def window(
        self,
        size: tuple[int, int] = DESKTOP,
        *,
        dark: bool = False,
        cable: Cable | None = None,
    ) -> Window:
        """Somebody who has opened the page; nothing of before is left."""
        window = _free.pop() if _free else Window()
        self.addCleanup(window.close)
        window.look(size, dark=dark)
        window.go(f"http://{HOST}:{cable.port}/" if cable else self.address)
        window.find("#name")
        return window

    def cable(self) -> Cable:
        """Over which a window is at the server, until it is cut."""
        cable = Cable(self.port)
        self.addCleanup(cable.close)
        return cable

    def nc(self, name: str) -> Program:
        """Somebody with nc, who types a name and does not wait to be greeted."""
        need("nc")
        person = self.run_it("nc", HOST, str(self.port))
        person.type(name)
        person.expect(f"{name} has joined the chat.\r\n")
        return person

    def assert_sound(self, *windows: Window) -> None:
        """Nothing went wrong: no error of a script, nothing against the policy."""
        for window in windows:
            found = [line for line in window.complaints() if "WebSocket" not in line]
            self.assertEqual(found, [])


def message(**fields: Any) -> bytes:
    """A line of JSON."""
    return json.dumps(fields).encode() + b"\n"
