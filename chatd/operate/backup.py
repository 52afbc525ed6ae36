"""The tools C{chatd backup} and C{chatd restore}."""

import inspect
import io
import os
import shutil
import sys
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from twisted.python.usage import UsageError

from chatd.chat.durations import counted
from chatd.operate.options import SettingsOptions
from chatd.secrets.database_key import check_value, known_key
from chatd.secrets.files import SecretsError, publish
from chatd.secrets.files_key import MARK
from chatd.store import snapshot
from chatd.store.lock import Lock
from chatd.store.opening import StoreRefused, about_path, new_path, sync

DATABASE = "chatd.db"
ABOUT = about_path(Path(DATABASE)).name

MATTERS = """\
Of the options of the server these matter:

  -c, --config=FILE          A TOML file with settings.
      --data=FOLDER          Folder of database, files and log. [data]
      --keys=FOLDER          Folder of what must stay secret. [keys]
      --store-encrypted=no   For a database that is not encrypted. [true]
"""

# The folder in data/ that is in no backup.
LOG = "log"

# What the name of a folder begins with in which a backup is made.
UNDER_WAY = ".chatd-backup-"

# The ending of files that are not yet whole.
UNFINISHED = ".new"


class _Options(SettingsOptions):
    """What the server takes, and the name of the backup."""

    file: Path

    def getUsage(self, width: int | None = None) -> str:
        # Most of what the server takes means nothing here.
        return f"{inspect.cleandoc(self.__doc__ or '')}\n\n{MATTERS}"

    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        words = list(options or ())
        if words and not words[0].startswith("-"):
            words.append(words.pop(0))  # Twisted wants it behind the options
        super().parseOptions(words)

    def parseArgs(self, *words: str) -> None:
        if len(words) != 1:
            raise UsageError("name one file, the backup")
        self.file = Path(words[0]).absolute()


class BackupOptions(_Options):
    """Copy what is in the folder data to one file, while the server runs."""

    synopsis = "Usage: chatd backup FILE [options of the server]"


class RestoreOptions(_Options):
    """Put a backup back, where there is no data; the key must be there already."""

    synopsis = "Usage: chatd restore FILE [options of the server]"


def backup(words: Sequence[str]) -> None:
    """Run C{chatd backup}."""
    options = BackupOptions()
    options.parseOptions(words)
    data, key, check = _places(options)
    try:
        files = _pack(options.file, data, key, check)
    except (OSError, StoreRefused, SecretsError) as problem:
        sys.exit(f"chatd: {_sentence(problem, options.file)}")
    size = options.file.stat().st_size
    more = f" and {counted(files, 'shared file')}" if files else ""
    print(f"{options.file}: the database{more}, {size:,} bytes.")
    if key is not None:
        keys = Path(options.settings.keys).absolute()
        print(
            f"The keys are NOT in it, and without them nobody can read it: keep a copy"
            f" of {keys} somewhere else."
        )


def restore(words: Sequence[str]) -> None:
    """Run C{chatd restore}."""
    options = RestoreOptions()
    options.parseOptions(words)
    data, key, check = _places(options)
    try:
        _unpack(options.file, data, key, check)
    except (tarfile.TarError, EOFError) as problem:
        sys.exit(f"chatd: {options.file} is no whole backup of chatd ({problem}).")
    except (OSError, StoreRefused, SecretsError) as problem:
        sys.exit(f"chatd: {_sentence(problem, data)}")
    print(f"{options.file} is restored to {data}; start the server.")


def _places(options: _Options) -> tuple[Path, str | None, str]:
    settings = options.settings
    data = Path(settings.data).absolute()
    if not settings.store.encrypted:
        return data, None, ""
    try:
        key = known_key(Path(settings.keys).absolute() / "database.key")
    except SecretsError as problem:
        sys.exit(f"chatd: {problem}")
    return data, key, check_value(key)


def _sentence(problem: Exception, written: Path) -> str:
    """
    @param written: What was being made; a full disk does not say of which file.
    """
    if not isinstance(problem, OSError):
        return str(problem)
    name = problem.filename or ""
    if name and UNDER_WAY not in name:
        return f"{name}: {problem.strerror}"
    return f"{written} cannot be written: {problem.strerror}"


# Making one


def _pack(file: Path, data: Path, key: str | None, check: str) -> int:
    """
    @return: How many shared files there are besides the database.
    """
    if os.path.lexists(file):
        raise StoreRefused(f"{file} exists already and is left as it is.")
    if not file.parent.is_dir():
        raise StoreRefused(f"{file.parent} is no folder.")
    with TemporaryDirectory(dir=file.parent, prefix=UNDER_WAY) as folder:
        copy, unfinished = Path(folder, DATABASE), Path(folder, "backup")
        known = snapshot.take(data / DATABASE, key, check, copy)
        with tarfile.open(unfinished, "x", format=tarfile.GNU_FORMAT) as tar:
            member = tarfile.TarInfo(ABOUT)
            member.size = len(known)
            tar.addfile(member, io.BytesIO(known.encode()))
            tar.add(copy, DATABASE, filter=_nobody)
            count = sum(_add(tar, one, data) for one in _shared(data))
        unfinished.chmod(0o600)
        sync(unfinished)
        publish(str(unfinished), file)
        sync(file.parent)
    return count


def _shared(data: Path) -> Iterator[Path]:
    for folder in sorted(data.iterdir()):
        if folder.is_dir() and folder.name != LOG:
            yield from sorted(file for file in folder.rglob("*") if file.is_file())


def _add(tar: tarfile.TarFile, file: Path, data: Path) -> bool:
    if file.suffix == UNFINISHED:
        return False
    try:
        tar.add(file, str(file.relative_to(data)), filter=_nobody)
    except FileNotFoundError:
        return False  # it was removed just now
    return file.name != MARK  # which is nobody's


def _nobody(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


# Putting one back


def _unpack(file: Path, data: Path, key: str | None, check: str) -> None:
    path = data / DATABASE
    with tarfile.open(file, "r:") as tar:
        if snapshot.is_there(path):
            raise StoreRefused(
                f"There is a database in {data}, which is left as it is: move it away"
                " to restore another."
            )
        first = tar.next()
        known = tar.extractfile(first) if first and first.name == ABOUT else None
        if known is None:
            raise tarfile.ReadError("it begins with something else")
        text = known.read(4096).decode("utf-8", "replace")
        about = snapshot.read_about(text, check, file)
        with ExitStack() as undo:
            _make_folder(data, undo)
            try:
                lock = Lock(path.with_name(f"{DATABASE}.lock"))
            except BlockingIOError:
                raise StoreRefused(f"A chatd runs on {data}: stop it first.") from None
            undo.callback(lock.undo)
            names = set()
            for member in tar:
                names.add(member.name)
                if member.name != ABOUT:
                    _extract(tar, member, data, undo)
            if DATABASE not in names:
                raise tarfile.ReadError("there is no database in it")
            snapshot.put_back(path, key, about, file)
            undo.pop_all()
        lock.release()


def _make_folder(folder: Path, undo: ExitStack) -> None:
    """Make a folder, and those above it."""
    if not folder.is_dir():
        _make_folder(folder.parent, undo)
        folder.mkdir(mode=0o700)
        undo.callback(_remove_folder, folder)


def _remove_folder(folder: Path) -> None:
    with suppress(OSError):  # somebody else has put something into it
        folder.rmdir()


def _extract(
    tar: tarfile.TarFile, member: tarfile.TarInfo, data: Path, undo: ExitStack
) -> None:
    """
    @param undo: Will remove what was made.
    """
    name = PurePosixPath(member.name)
    content = tar.extractfile(member) if member.isfile() else None
    is_database = member.name == DATABASE
    inside = len(name.parts) > 1 and ".." not in name.parts and not name.is_absolute()
    if content is None or not (is_database or inside):
        raise tarfile.ReadError(f"{member.name} does not belong into it")
    target = new_path(data / DATABASE) if is_database else data / name
    _make_folder(target.parent, undo)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    undo.callback(target.unlink, missing_ok=True)
    with open(descriptor, "wb") as output:
        shutil.copyfileobj(content, output)
        output.flush()
        os.fsync(output.fileno())
