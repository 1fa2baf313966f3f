"""Operators in training: who only observes, and who is offered callers only while a senior is there. Pure."""

from collections.abc import Iterable
from datetime import datetime

from denwaban.people import Training, TrainingStage
from denwaban.routing.floor.ground import Ground
from denwaban.routing.model import Action, Seat, SeatIs, Stage


class InTraining(Ground):
    """Seats of those who learn."""

    def train(self, trainees: Iterable[Training], now: datetime) -> list[Action]:
        """These are all who are in training. Who may be offered nobody any more is rung no longer; a talk goes on to its end."""
        now_at = {one.operator_id: one for one in trainees}
        self._seniors = {who: one.senior_id for who, one in now_at.items() if one.senior_id}
        out, changed = list[Action](), False
        for seat in self.seats.values():
            one = now_at.get(seat.operator_id)
            stage, senior = (one.stage, one.senior_id) if one is not None else (None, None)
            if (stage, senior) == (seat.training, seat.senior):
                continue
            seat.training, seat.senior, changed = stage, senior, True
            # Nobody waits for skills that only somebody who observes has.
            self.queue.here(seat.operator_id, stage is not TrainingStage.OBSERVES)
            self._look_beside(seat, now, out)
            out.append(SeatIs(seat.operator_id))
        if changed:
            self.queue.reconsider(self.callers.values(), now)
            self._dispatch(now, out)
        return out

    def _senior_moved(self, operator_id: str, now: datetime, out: list[Action]) -> None:
        """This operator has come or gone: those whom they sit beside may be offered callers, or may not."""
        for trainee, senior in self._seniors.items():
            if senior == operator_id and trainee in self.seats:
                self._look_beside(self.seats[trainee], now, out)
                out.append(SeatIs(trainee))

    def _look_beside(self, seat: Seat, now: datetime, out: list[Action]) -> None:
        senior = self.seats.get(seat.senior or "")
        here = senior is not None and senior.online and not senior.leaving
        seat.senior_away = seat.training is TrainingStage.BESIDE and not here
        if seat.held_back and seat.stage is Stage.OFFERED:
            self._offer_over(seat, None, now, out)
        self.queue.seat(seat)
        self._callers.let_go(seat, now)
