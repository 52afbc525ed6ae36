"""Files on the page, in real browsers: shared, dropped, pasted, cut off and fetched."""

import base64
import os
from hashlib import sha256

from tests.e2e.browsing import PHONE, PageCase, Window
from tests.e2e.cable import Cable
from tests.e2e.running import need, wait_until

# A picture of one pixel.
PIXEL = base64.b64encode(
    base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
        "awAAAABJRU5ErkJggg=="
    )
).decode()


class FileTests(PageCase):
    """What people share on the page."""

    def test_files(self) -> None:
        """
        A file of 50 MB is shared with a progress bar, while one talks on. Somebody on
        nc fetches it with the line that is shown there, somebody else on the page.
        """
        need("nc", "curl")
        self.start()
        content = sha256(b"seed").digest() * 1_562_500
        path = self.folder / "large.bin"
        path.write_bytes(content)
        cho = self.nc("cho")
        ann = self.window()
        ann.enter("ann", "register")
        bob = self.window(PHONE)
        bob.enter("bob")
        self.assertFalse(
            bob.js("return document.getElementById('attach').checkVisibility()")
        )
        ann.slow(up=25_000_000)
        ann.driver.find_element("id", "file").send_keys(str(path))
        ann.find("#uploads progress")
        ann.say("meanwhile")
        cho.expect("ann: meanwhile\r\n")
        cho.type("I can wait")
        ann.expect("I can wait")
        ann.expect("large.bin", "#log .file")
        ann.wait(lambda: not ann.text("#uploads"), "the bar stays")
        cho.expect("ann shares large.bin (50 MB): ")
        line = cho.expect("\n").strip()
        self.assertTrue(line.startswith("curl "), line)
        self.run_it("sh", "-c", f"mkdir got && cd got && {line}").end()
        (got,) = (self.folder / "got").iterdir()
        self.assertEqual(sha256(got.read_bytes()).digest(), sha256(content).digest())
        bob.expect("large.bin", "#log .file")
        bob.cdp(
            "Browser.setDownloadBehavior",
            behavior="allow",
            downloadPath=str(self.folder),
        )
        path.unlink()
        bob.click("#log .file a")
        wait_until(path.exists, lambda: "it is not saved")
        wait_until(lambda: path.stat().st_size == len(content), lambda: "not whole")
        self.assert_sound(ann, bob)

    def sharer(self, cable: Cable | None = None) -> Window:
        """Ann, who may share."""
        window = self.window(cable=cable)
        window.enter("ann", "register")
        return window

    def shared(self, window: Window, name: str, content: bytes) -> None:
        """It is there, whole, and nothing is under way any more."""
        window.expect(name, "#log .file")
        window.wait(lambda: not window.text("#uploads"), "the bar stays")
        digests = (
            "return [...document.querySelectorAll('.file code')]"
            ".map(e => e.textContent)"
        )
        self.assertEqual(window.js(digests), [sha256(content).hexdigest()])

    def test_dropped(self) -> None:
        """A file that is dragged over the page shows where to, and is shared there."""
        self.start()
        ann = self.sharer()
        path = self.folder / "report.txt"
        path.write_text("all is well")
        data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver"):
            ann.cdp("Input.dispatchDragEvent", type=kind, x=600, y=300, data=data)
        ann.find("#drop")
        ann.cdp("Input.dispatchDragEvent", type="drop", x=600, y=300, data=data)
        self.shared(ann, "report.txt", b"all is well")
        self.assertEqual(ann.text("#drop"), "")
        self.assert_sound(ann)

    def test_pasted(self) -> None:
        """A pasted picture is shared, and can be looked at; words stay words."""
        self.start()
        ann = self.sharer()
        ann.js(_PASTE, PIXEL, "")
        self.shared(ann, "image.png", base64.b64decode(PIXEL))
        ann.click("#log .file .acts button")  # preview
        drawn = "return document.querySelector('.file img')?.naturalWidth"
        ann.wait(lambda: ann.js(drawn) == 1, "there is no picture")
        ann.js(_PASTE, PIXEL, "words of a table")
        self.assertEqual(ann.text("#uploads"), "")
        self.assert_sound(ann)

    def test_odd_names(self) -> None:
        """What is a path, or HTML, or of several lines, is a name like any other."""
        self.start()
        ann = self.sharer()
        ann.js(_PASTE, PIXEL, "", "../../x")
        ann.expect("x", "#log .file strong")
        ann.js(_PASTE, PIXEL, "", "<img src=x onerror='self.hit = 1'>\r\na")
        ann.wait(lambda: ann.text("#log .file strong").count("\n") == 1, "not shared")
        shown = ann.text("#log .file strong").split("\n")
        self.assertEqual(shown, ["x", "<img src=x onerror='self.hit = 1'> a"])
        harmed = (
            "return [self.hit ?? null, document.querySelectorAll('#log img').length]"
        )
        self.assertEqual(ann.js(harmed), [None, 0])
        self.assert_sound(ann)

    def test_cut_off(self) -> None:
        """An upload whose line breaks goes on by itself where it was, and is whole."""
        self.start()
        cable = self.cable()
        ann = self.sharer(cable)
        path = self.folder / "large.bin"
        path.write_bytes(content := os.urandom(6_000_000))
        ann.js(_RECORD)
        ann.slow(up=2_000_000)
        ann.driver.find_element("id", "file").send_keys(str(path))
        sent = "return document.querySelector('#uploads progress')?.value ?? 0"
        ann.wait(lambda: ann.js(sent) > 1_000_000, "nothing is sent")
        cable.cut()
        ann.expect("The connection broke", "#uploads")
        cable.mend()
        ann.slow()
        self.shared(ann, "large.bin", content)
        first = ann.js("return self.ranges[0]")
        self.assertRegex(first, r"^bytes [1-9][0-9]*-5999999/6000000$")

    def test_cancelled(self) -> None:
        """An upload that is cancelled leaves nothing, neither here nor there."""
        self.start()
        ann = self.sharer()
        path = self.folder / "large.bin"
        path.write_bytes(os.urandom(6_000_000))
        ann.slow(up=1_000_000)
        ann.driver.find_element("id", "file").send_keys(str(path))
        ann.click("#uploads button")
        ann.slow()
        ann.wait(lambda: not ann.text("#uploads"), "the bar stays")
        files = self.folder / "data" / "files"
        wait_until(
            lambda: [path.name for path in files.iterdir()] == ["key-check"],
            lambda: f"these are left: {[*files.iterdir()]}",
        )
        self.assertEqual(ann.text("#log .file"), "")


# As a browser does it when somebody pastes: a picture, perhaps with words.
_PASTE = """
const [picture, words, name = "image.png"] = arguments;
const bytes = Uint8Array.from(atob(picture), (one) => one.charCodeAt());
const clipboardData = new DataTransfer();
clipboardData.items.add(new File([bytes], name, { type: "image/png" }));
if (words) clipboardData.setData("text/plain", words);
const pasted = new ClipboardEvent("paste", { clipboardData, cancelable: true });
document.getElementById("text").dispatchEvent(pasted);
"""

_RECORD = """
self.ranges = [];
const set = XMLHttpRequest.prototype.setRequestHeader;
XMLHttpRequest.prototype.setRequestHeader = function (name, value) {
  if (name === "Content-Range") self.ranges.push(value);
  return set.call(this, name, value);
};
"""
