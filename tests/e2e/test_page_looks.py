"""How the page is for who has a phone, no mouse, a slow line, or sees little."""

from tests.e2e.browsing import PHONE, PageCase, Window


class HandsTests(PageCase):
    """It is used by keys alone, and by a thumb."""

    def test_keyboard(self) -> None:
        """Everything goes with the keyboard alone: coming in, completion, people."""
        self.start()
        cho = self.nc("cho")
        ann = self.window()
        tab, down, enter, up = "\ue004", "\ue015", "\ue007", "\ue013"
        ann.js("document.activeElement.blur()")
        ann.press(tab, selector="body")
        for _ in range(10):
            if ann.js("return document.activeElement.id") == "name":
                break
            ann.press(tab)
        ann.press("ann", enter)
        ann.come_in()
        self.assertEqual(ann.js("return document.activeElement.id"), "text")
        ann.press("/wh")
        ann.expect("/whois", "#options")
        ann.press(down, tab)
        value = "return document.getElementById('text').value"
        self.assertEqual(ann.js(value), "/whois ")
        ann.press("ch", tab)
        self.assertEqual(ann.js(value), "/whois cho ")
        ann.press(enter)
        ann.expect("a guest, here for", "#log .note")
        ann.press(up)
        self.assertEqual(ann.js(value), "/whois cho")
        ann.press("\ue009a\ue000", "\ue017")  # all of it is deleted
        ann.press("/topci x", enter)
        ann.expect("Did you mean", "#log .error")
        self.assertEqual(ann.js(value), "/topci x")
        ann.press("\ue009a\ue000", "ch", tab, "hello", enter)
        cho.expect("ann: cho: hello\r\n")
        ann.press("\ue008\ue004\ue000")  # shift and tab: away from the field
        self.assertNotEqual(ann.js("return document.activeElement.id"), "text")
        ann.press("\ue00c")
        self.assertEqual(ann.js("return document.activeElement.id"), "text")

    def test_phone(self) -> None:
        """On a phone the lists slide in, and nothing is wider than the screen."""
        self.start()
        self.nc("cho")
        ann = self.window(PHONE)
        ann.enter("ann")
        ann.say(f"https://example.org/{'long' * 60}")
        ann.expect("example.org")
        ann.click("#open-people")
        ann.click("#persons [aria-pressed=false]")
        ann.expect("cho", "#title")
        ann.click("#open-places")
        ann.click("#rooms button")
        ann.expect("#lobby", "#title")
        widths = "return [document.documentElement.scrollWidth, innerWidth]"
        self.assertEqual(*ann.js(widths))


class BudgetTests(PageCase):
    """The page is small."""

    def test_budget(self) -> None:
        """
        On a slow phone and line the door is painted within a second and usable within
        two; it has less than 50 kB, of which less than 20 kB travel, and needs no more
        than six requests.
        """
        self.start()
        window = self.window()
        window.go("about:blank")
        window.cdp("Network.enable")
        window.cdp("Network.setCacheDisabled", cacheDisabled=True)
        self.addCleanup(window.cdp, "Network.setCacheDisabled", cacheDisabled=False)
        window.slow(cpu=4, latency=150, up=200_000, down=200_000)  # 1.6 Mbit/s
        best: dict[str, float] = {}
        for _ in range(8):  # a loaded machine is slow now and then
            window.go(self.address)
            window.find("#come:enabled")
            measured = window.js(_MEASURE)
            for name, value in measured.items():
                best[name] = min(value, best.get(name, value))
            if best["paint"] < 1_000 and best["usable"] < 2_000:
                break
        self.assertLess(best["paint"], 1_000, best)
        self.assertLess(best["usable"], 2_000, best)
        self.assertLess(best["bytes"], 50_000, best)
        self.assertLess(best["packed"], 20_000, best)
        self.assertLessEqual(best["requests"], 6, best)


# The page marks when one can come in. The WebSocket is a request, too.
_MEASURE = """
const resources = performance.getEntriesByType("resource");
const all = [performance.getEntriesByType("navigation")[0], ...resources];
return {
  paint: performance.getEntriesByName("first-contentful-paint")[0].startTime,
  usable: performance.getEntriesByName("usable")[0].startTime,
  bytes: all.reduce((sum, one) => sum + one.decodedBodySize, 0),
  packed: all.reduce((sum, one) => sum + one.transferSize, 0),
  requests: all.length + 1,
};
"""


class AccessibilityTests(PageCase):
    """Who sees little or nothing can use it: axe-core finds nothing serious."""

    def check(self, window: Window, state: str, *rules: str) -> None:
        """Look at the page as it is now, by all rules or some."""
        self.assertEqual(window.harm(*rules), [], state)

    def test_states(self) -> None:
        """Everything that the page can show, light and dark, wide and narrow."""
        self.start()
        cho = self.enter("cho")
        window = self.window()
        self.check(window, "door")
        window.js("document.querySelector('[value=register]').click()")
        window.look(dark=True)
        self.check(window, "door, dark", "color-contrast")
        window.enter("ann", "register")
        cho.type("ann: look at https://example.org/", "/msg ann psst")
        window.expect("cho", "#talks")
        window.say("/who")
        window.expect("2 people", "#log .note")
        window.say("/nonsense")
        window.expect("There is no command", "#log .error")
        for dark in (False, True):
            window.look(dark=dark)
            self.check(window, f"chat, dark: {dark}")
        window.fill("#text", "/")
        window.find("#options")
        self.check(window, "completion")
        self.assertIn("/away", window.text("#options"))  # they stay
        window.press("\ue00c", "\ue003")
        for opener in ("#search", "#account", "#join"):
            window.click(opener)
            window.find("#dialog[open]")
            self.check(window, opener)
            window.click("#dialog [aria-label=Close]")
        window.look(PHONE)
        window.click("#open-people")
        self.check(window, "people on a phone")
        window.click("#persons [aria-pressed=false]")
        window.expect("psst")
        self.check(window, "private, on a phone")
        window.click("#open-places")
        self.check(window, "rooms on a phone, dark")
