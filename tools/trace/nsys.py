# SPDX-License-Identifier: GPL-2.0-only
"""What `nsys export --type sqlite` writes of a report of Nsight Systems: kernels, memsets and whole
graphs, and copies, with the process and stream of each and when it was launched. Times are in ns.
"""

import sqlite3

from batches import Job
from lines import RecordingError, some

MAGIC = b"SQLite format 3\0"
# Tables are there only if something is in them
TABLES = {"CUPTI_ACTIVITY_KIND_KERNEL": "compute", "CUPTI_ACTIVITY_KIND_MEMSET": "compute",
          "CUPTI_ACTIVITY_KIND_GRAPH_TRACE": "compute", "CUPTI_ACTIVITY_KIND_MEMCPY": "copy"}
COLUMNS = ("start", "end", "deviceId", "streamId", "globalPid")
LAUNCHES = "CUPTI_ACTIVITY_KIND_RUNTIME"
# Of globalPid and globalTid, which have the thread's number below
PID_SHIFT, PID_MASK = 24, (1 << 24) - 1


def _columns(db):
    """{table: its columns} of tables as nsys makes them. Views and virtual tables, which can be
    anything, have no page."""
    names = [n for n, in db.execute("SELECT name FROM sqlite_master WHERE rootpage > 0")]
    return {n: {c[1] for c in db.execute(f"PRAGMA table_info({n})")}
            for n in (*TABLES, LAUNCHES, "DIAGNOSTIC_EVENT") if n in names}


def _query(table, columns):
    """Of each row its number, its times, whose it was, and when it was launched."""
    what = ", ".join(f'a."{c}"' for c in COLUMNS)
    if {"start", "correlationId", "globalTid"} <= columns.get(LAUNCHES, set()) and \
       "correlationId" in columns[table]:
        # A graph's kernels have one launch
        return (f"SELECT a.rowid, {what}, r.start FROM {table} a LEFT JOIN (SELECT correlationId, "
                f"globalTid >> {PID_SHIFT} AS pid, min(start) AS start FROM {LAUNCHES} "
                "GROUP BY 1, 2) r ON r.correlationId = a.correlationId "
                f"AND r.pid = a.globalPid >> {PID_SHIFT}")
    return f"SELECT a.rowid, {what}, NULL FROM {table} a"


class Recording:
    """Reads a file; jobs() are all that ran on one device."""

    def __init__(self, path, dev=None, by=None):
        self.path = path
        self.dev = dev
        self.by = by
        self.devs = set()

    def jobs(self):
        """The jobs, in no order."""
        try:
            db = sqlite3.connect("file:" + self.path.replace("%", "%25").replace("?", "%3f")
                                 .replace("#", "%23") + "?mode=ro&immutable=1", uri=True)
            db.text_factory = lambda b: b.decode(errors="replace")
            db.execute("PRAGMA trusted_schema = OFF")
            try:
                yield from self._tables(db)
            finally:
                db.close()
        except sqlite3.Error as e:
            raise RecordingError(f"SQLite: {e}") from e

    def _tables(self, db):
        columns = _columns(db)
        if not columns.keys() & TABLES.keys():
            raise RecordingError(f"it has none of the tables {', '.join(TABLES)}")
        self._check_complete(db, columns)
        for table, engine in TABLES.items():
            if table not in columns:
                continue
            missing = [c for c in COLUMNS if c not in columns[table]]
            if missing:
                raise RecordingError(f"its table {table} has no column {missing[0]}")
            for row in db.execute(_query(table, columns)):
                yield from self._job(table, engine, row)
        if self.dev is None and len(self.devs) > 1:
            raise RecordingError(f"it is of {len(self.devs)} devices "
                                 f"({some(map(str, self.devs))}): choose one")
        if self.dev is not None and self.dev not in map(str, self.devs):
            raise RecordingError(f"it has nothing of the device {self.dev}, only of "
                                 f"{some(map(str, self.devs))}")

    def _check_complete(self, db, columns):
        if "text" not in columns.get("DIAGNOSTIC_EVENT", set()):
            return
        for text, in db.execute("SELECT text FROM DIAGNOSTIC_EVENT"):
            if isinstance(text, str) and any(w in text.lower() for w in (" lost", "dropped")):
                raise RecordingError(f"its table DIAGNOSTIC_EVENT says: {text[:100]!a}")

    def _job(self, table, engine, row):
        no, *values = row
        for name, value in zip(COLUMNS + ("start of the launch",), values):
            if not isinstance(value, int) and not (value is None and name not in COLUMNS):
                raise RecordingError(f"{table}, row {no}: {name} is {str(value)[:30]!a}, not a whole "
                                     "number")
        begin, end, dev, stream, pid, launch = values
        if end < begin:
            raise RecordingError(f"{table}, row {no}: it ends before it begins")
        self.devs.add(dev)
        if len(self.devs) > 1024:
            raise RecordingError(f"{table}, row {no}: it has more than 1024 devices")
        if self.dev is None or self.dev == str(dev):
            name = f"pid{pid >> PID_SHIFT & PID_MASK}"
            if self.by == "queue":
                name += f"-stream{stream}"
            yield Job(begin if launch is None else min(launch, begin), begin, end, name, engine)
