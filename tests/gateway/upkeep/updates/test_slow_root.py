"""A machine on which root's helper takes its time: an update is not given up before root has begun."""

import time

from gateway.upkeep.updates import watch as module


def test_what_root_takes_to_answer_does_not_count(hosted, gateway, monkeypatch):
    """The minute in which it has to begin is counted from when root was told, and is a minute."""
    hosted.publish("0.3.0")
    now, later = time.time, [0.0]
    monkeypatch.setattr(module.time, "time", lambda: now() + later[0])
    install = gateway.watch._install

    async def slow(version):
        await install(version)
        later[0] += module.BEGINS_S + 10

    gateway.watch._install = slow
    rounds = []

    async def story():
        await gateway.watch.check()
        await gateway.watch.agree("now", "command")
        gateway.watch.lookers.append(lambda: rounds.append(1) if gateway.told else None)
        await gateway.until(lambda: len(rounds) > 3)
        assert gateway.ended == []
        assert gateway.watch.state.wish.sent is not None
        later[0] += module.BEGINS_S + 10
        await gateway.until(lambda: gateway.ended)

    gateway.do(story())
    assert [how["result"] for how in gateway.ended] == ["stayed"]
