"""`send_once` in many threads, through a proxy that cuts requests before or after they are stored.

`python -m test.chaos.send_once` prints what became of the sends, from the server's database, and
exits with 1 if one was lost or doubled.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from openapi_client import ApiClient, ApiException, MessagesApi
from openapi_client.testing import MessagesServer
from test.chaos.promised import promised
from test.chaos.proxy import ChaosProxy

APP = "chaos"
CUTS = {"reset_before": 0.05, "reset_after": 0.05}
SETTLE = 0.1
# Every text is sent by several threads to the same conversation, so that each send has to tell its
# own message from equal ones.
DIFFERENT_TEXTS = 20


@dataclass
class Report:
    """What became of the sends."""

    sends: int
    conversations: int
    seconds: float
    cuts: Counter[str]
    stored: int
    lost: int
    doubled: int
    taken_twice: int
    not_stored: int
    unknown: int
    others: list[BaseException]

    @property
    def zeros(self) -> dict[str, int]:
        """What has to be zero."""
        return {
            "messages lost": self.lost,
            "messages doubled": self.doubled,
            "messages returned to two sends": self.taken_twice,
            "sends whose outcome stayed unknown": self.unknown,
            "exceptions that are no `ApiException`": len(self.others),
        }

    def lines(self) -> Iterator[str]:
        """The report for people."""
        yield (
            f"{self.sends} sends to {self.conversations} conversations in {self.seconds:.1f} s; "
            f"{self.cuts['reset_before']} cut before they were stored, "
            f"{self.cuts['reset_after']} after"
        )
        yield f"  {self.stored:6} messages stored, as the server's database tells"
        yield f"  {self.not_stored:6} sends that were reported as not stored"
        yield from promised(self.zeros, self.others)


@dataclass
class _Told:
    """What the callers were told: the texts of sends that were done, and ids of their messages."""

    done: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    ids: Counter[str] = field(default_factory=Counter[str])
    failed: Counter[str] = field(default_factory=Counter[str])
    others: list[BaseException] = field(default_factory=list[BaseException])


def run(sends: int = 10_000, threads: int = 16, seed: int = 1, conversations: int = 8) -> Report:
    """Make the run.

    Args:
        sends: how many, in all threads together.
        threads: how many send at the same time, through one client.
        seed: the same gives the same cuts.
        conversations: how many they are sent to.
    """
    each = sends // threads
    told = [_Told() for _ in range(threads)]
    with (
        MessagesServer(tls=False, generation="2024") as server,
        ChaosProxy(("127.0.0.1", server.port), CUTS, seed=seed, operations=("send",)) as proxy,
    ):
        names = [f"friend {number}" for number in range(conversations)]
        for name in names:
            server.add_connection(APP, name)
        began = time.monotonic()
        with ApiClient(server.configuration(host=proxy.url)) as client:
            workers = [
                threading.Thread(
                    target=_send, args=(MessagesApi(client), number, each, names, told[number])
                )
                for number in range(threads)
            ]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
        seconds = time.monotonic() - began
        stored = Counter((m.connection_id, m.body) for m in server.messages(APP))
        cuts = proxy.counts
    done = sum((one.done for one in told), Counter[tuple[str, str]]())
    ids = sum((one.ids for one in told), Counter[str]())
    failed = sum((one.failed for one in told), Counter[str]())
    return Report(
        sends=each * threads,
        conversations=conversations,
        seconds=seconds,
        cuts=cuts,
        stored=stored.total(),
        lost=(done - stored).total(),
        doubled=(stored - done).total(),
        taken_twice=sum(count - 1 for count in ids.values()),
        not_stored=failed["not_sent"] + failed["answered"],
        unknown=failed["unknown"],
        others=[error for one in told for error in one.others],
    )


def _send(api: MessagesApi, number: int, sends: int, names: list[str], told: _Told) -> None:
    for count in range(sends):
        name = names[(number + count) % len(names)]
        text = f"text {count % DIFFERENT_TEXTS}"
        try:
            message = api.conversation(APP, name).send_once(text, settle=SETTLE)
        except ApiException as error:
            told.failed[error.outcome] += 1
        except BaseException as error:  # noqa: BLE001 - what must not happen is counted
            told.others.append(error)
        else:
            told.done[name, text] += 1
            told.ids[str(message.jti)] += 1


def main(arguments: list[str] | None = None) -> int:
    """Run, print, and tell whether all is well."""
    parser = argparse.ArgumentParser(prog="python -m test.chaos.send_once", description=__doc__)
    parser.add_argument("--sends", type=int, default=10_000, help="how many")
    parser.add_argument("--threads", type=int, default=16, help="how many at the same time")
    parser.add_argument("--seed", type=int, default=1, help="the same gives the same cuts")
    given = parser.parse_args(arguments)
    report = run(given.sends, given.threads, given.seed)
    print("\n".join(report.lines()))
    return int(any(report.zeros.values()))


if __name__ == "__main__":
    sys.exit(main())
